"""Reads what ffmpeg says on standard error, a line at a time and in bounded memory, whatever a hostile file makes it say."""

from __future__ import annotations

import re

#: Bytes of a line that are looked at; tags of any length are printed into the log.
_LINE_BYTES = 2048

_DURATION = re.compile(r"\[info\]   Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)")
_STREAM = re.compile(r"\[info\]   Stream #0:\d+.*?: (Audio|Video): ")
_FAILURE = re.compile(r"(?:\[.*? @ 0x[0-9a-f]+\] )?\[(?:error|fatal|panic)\] (.*)")


class FfmpegLog:
    """What matters of a log written with ``-loglevel level+info``.

    The lines of a file's tags are indented further than those looked for, so a tag cannot pose as one of them.

    Attributes:
        opened: the container was recognised.
        audio: it has an audio stream.
        video: it has a video stream that is not a cover picture.
        expected_s: the duration its header promises, in seconds; None when there is none or it was only guessed from the bit rate.
        failures: number of lines that report an error.
        last_failure: the last of them, or an empty string.
    """

    def __init__(self) -> None:
        self.opened = False
        self.audio = False
        self.video = False
        self.failures = 0
        self.last_failure = ""
        self._promised_s: float | None = None
        self._guessed = False
        self._line = bytearray()

    @property
    def expected_s(self) -> float | None:
        """Seconds promised by the header, see the class."""
        return None if self._guessed else self._promised_s

    def feed(self, data: bytes) -> None:
        """Take in the next bytes of the log."""
        *whole, rest = data.split(b"\n")
        for part in whole:
            self._extend(part)
            self._read(self._line.decode("utf-8", errors="replace"))
            self._line.clear()
        self._extend(rest)

    def _extend(self, part: bytes) -> None:
        self._line += part[: _LINE_BYTES - len(self._line)]

    def _read(self, line: str) -> None:
        if line.startswith("[info] Input #0, "):
            self.opened = True
        elif match := _DURATION.match(line):
            hours, minutes, seconds = match.groups()
            self._promised_s = 3600.0 * int(hours) + 60.0 * int(minutes) + float(seconds)
        elif match := _STREAM.match(line):
            if match.group(1) == "Audio":
                self.audio = True
            elif not line.rstrip().endswith("(attached pic)"):
                self.video = True
        elif "Estimating duration from bitrate" in line:
            self._guessed = True
        elif match := _FAILURE.match(line):
            self.failures += 1
            self.last_failure = match.group(1)
