"""Decodes one file with one ffmpeg process: samples and fingerprint from the same pass, in bounded memory however long the file.

ffmpeg does all the parsing, outside this process, so that a damaged or hostile file can at worst end its own decode. The child is killed
on every way out of the ``with`` block.
"""

from __future__ import annotations

import fcntl
import os
import selectors
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.affect import FloatArray
from engine.audio.ffmpeg import MEND, can_fingerprint, command, ffmpeg_path
from engine.audio.log import FfmpegLog
from engine.audio.segments import Segment, cut
from engine.errors import AudioError, SourceError, ToolError

SAMPLE_RATE = 16_000

#: Longest recording that is scored unless the caller says otherwise, in seconds.
MAX_DURATION_S = 12 * 3600.0

#: Shorter audio says nothing. Codecs cut a second short by up to a frame.
MIN_DURATION_S = 1.0
_FRAME_S = 0.05

#: A peak below -78 dB of full scale is silence: dither and what lossy codecs make of digital silence stay below it.
SILENCE_PEAK = 2.0**-13

#: Float files may hold anything. Decoded music overshoots 1 a little; what goes beyond this is damage and is clipped.
MAX_SAMPLE = 2.0

#: ffmpeg is given up when it sends nothing for so long, or keeps us waiting for so long in total, in seconds.
STALL_S = 60.0
PATIENCE_S = 3600.0

#: A file whose header promises this much more than could be decoded is incomplete: share and seconds, both.
_MISSING_SHARE, _MISSING_S = 0.02, 1.0

#: Bytes a pipe holds: the most Linux gives an ordinary user. Fewer and larger reads make a decode cheaper.
_PIPE_BYTES = 1 << 20
_READ_BYTES = 1 << 16

_ANOTHER = "hand in a file that plays in a music player"


class AudioStream:
    """One file on its way through ffmpeg; :func:`open_audio` makes it.

    Attributes:
        path: the file.
        sample_rate: samples per second of the segments.
        duration_s: seconds decoded so far; the length of the recording once the segments are used up.
        fingerprint: (f,) uint32 raw Chromaprint words, about 8 a second; empty until the segments are used up, and where ffmpeg was built
            without Chromaprint.
        notices: sentences for the user about what is not quite right with the file; complete once the segments are used up.
    """

    def __init__(self, path: Path, sample_rate: int, max_duration_s: float) -> None:
        self.path = path
        self.sample_rate = sample_rate
        self.duration_s = 0.0
        self.fingerprint: NDArray[np.uint32] = np.empty(0, dtype=np.uint32)
        self.notices: tuple[str, ...] = ()
        self._max_duration_s = max_duration_s
        self._samples = 0
        self._peak = 0.0
        self._damaged = False
        self._waited_s = 0.0
        self._log = FfmpegLog()
        self._words = bytearray()
        self._used = False
        self._fds: set[int] = set()
        self._process = self._start()
        self._selector = selectors.DefaultSelector()
        for fd in self._fds:
            self._selector.register(fd, selectors.EVENT_READ)

    def segments(self) -> Iterator[Segment]:
        """The segments of the recording in order of time, once. The last words on a file are only known at its end, so errors may come
        after segments.

        Raises:
            AudioError: when there is no audio in the file, it cannot be decoded, is too short, too long or silent, or ffmpeg hangs.
            ValueError: when asked a second time.
        """
        if self._used:
            raise ValueError("the segments of a stream can be read once")
        self._used = True
        yield from cut(self._fill, self.sample_rate)
        self._drain()
        self._judge()

    def kill(self) -> None:
        """End the child at once. May be called from any thread; the reader then sees the end of the file."""
        self._process.kill()

    def close(self) -> None:
        """Kill the child if it still runs, and let go of its pipes."""
        with suppress(ProcessLookupError):  # it has ended meanwhile
            self._process.kill()
        self._process.wait()
        self._selector.close()
        for fd in self._fds:
            os.close(fd)
        self._fds.clear()

    def _start(self) -> subprocess.Popen[bytes]:
        program = ffmpeg_path()
        try:
            pipes = [_pipe() for _ in range(3)]
        except OSError as error:
            raise ToolError(f"no pipe to ffmpeg could be opened ({error.strerror})", "allow this program more open files") from error
        self._out, self._err, self._words_fd = (reader for reader, _ in pipes)
        self._fds.update((self._out, self._err, self._words_fd))
        out, err, words = (writer for _, writer in pipes)
        try:
            return subprocess.Popen(
                command(program, self.path, self.sample_rate, words if can_fingerprint(program) else None),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                pass_fds=(words,),
                start_new_session=True,  # Ctrl-C is for us to handle
            )
        except OSError as error:
            for reader in self._fds:
                os.close(reader)
            raise ToolError(f"ffmpeg could not be started ({error.strerror})", MEND) from error
        finally:
            for writer in (out, err, words):
                os.close(writer)

    def _fill(self, samples: FloatArray) -> int:
        """Read samples until the array is full or the audio ends; returns how many."""
        room = samples.data.cast("B")
        filled = 0
        while filled < len(room) and self._out in self._selector.get_map():
            if self._out in self._ready():
                count = os.readv(self._out, [room[filled:]])
                filled += count
                if not count:
                    self._selector.unregister(self._out)
        count = filled // samples.itemsize
        self._take(samples[:count])
        return count

    def _take(self, samples: FloatArray) -> None:
        """Account for newly decoded samples, and repair them where a float file held nonsense."""
        self._samples += len(samples)
        self.duration_s = self._samples / self.sample_rate
        expected_s = self._log.expected_s or 0.0
        if max(self.duration_s, expected_s) > self._max_duration_s:
            length = f"{max(self.duration_s, expected_s) / 3600:.1f} hours" if expected_s else "more"
            limit = f"the limit is {self._max_duration_s / 3600:g} hours"
            raise AudioError(f"{shown(self.path)} is too long ({length}, {limit})", "cut it into parts")
        if not len(samples):
            return
        with np.errstate(invalid="ignore"):
            peak = float(max(samples.max(), -samples.min()))
        if not peak <= MAX_SAMPLE:  # also true of NaN
            self._damaged = True
            np.nan_to_num(samples, copy=False, nan=0.0, posinf=MAX_SAMPLE, neginf=-MAX_SAMPLE)
            np.clip(samples, -MAX_SAMPLE, MAX_SAMPLE, out=samples)
            peak = float(np.abs(samples).max())
        self._peak = max(self._peak, peak)

    def _ready(self) -> set[int]:
        """Wait for ffmpeg; take in log and fingerprint on the way. Returns the descriptors that can be read."""
        before = time.monotonic()
        ready = {key.fd for key, _ in self._selector.select(STALL_S)}
        self._waited_s += time.monotonic() - before
        if not ready or self._waited_s > PATIENCE_S:
            self.kill()
            waited = PATIENCE_S if ready else STALL_S
            raise AudioError(f"ffmpeg got stuck on {shown(self.path)} and was stopped after {waited:.0f} s", _ANOTHER)
        for fd, take in ((self._err, self._log.feed), (self._words_fd, self._words.extend)):
            if fd in ready:
                data = os.read(fd, _READ_BYTES)
                take(data)
                if not data:
                    self._selector.unregister(fd)
        return ready

    def _drain(self) -> None:
        """Read log and fingerprint to their ends and wait for the child."""
        while self._selector.get_map():
            self._ready()
        try:
            self._process.wait(STALL_S)
        except subprocess.TimeoutExpired as error:
            raise AudioError(f"ffmpeg got stuck on {shown(self.path)} and was stopped after {STALL_S:.0f} s", _ANOTHER) from error
        self.fingerprint = np.frombuffer(bytes(self._words[: len(self._words) // 4 * 4]), dtype=np.uint32)

    def _judge(self) -> None:
        """The last word on the file."""
        name, log = shown(self.path), self._log
        if not self._samples:
            if log.opened and not log.audio:
                raise AudioError(f"{name} holds no audio track", _ANOTHER)
            if not log.opened:
                raise AudioError(f"{name} is not an audio file that can be read", _ANOTHER)
            raise AudioError(f"{name} holds no audio that can be decoded{_reason(log)}", _ANOTHER)
        if self.duration_s < MIN_DURATION_S - _FRAME_S:
            raise AudioError(f"{name} holds only {self.duration_s:.2f} s of audio", "hand in at least a second")
        if self._peak < SILENCE_PEAK:
            raise AudioError(f"{name} holds only silence", "hand in a file that can be heard")
        missing_s = 0.0 if log.video else (log.expected_s or 0.0) - self.duration_s
        notices = []
        if missing_s > _MISSING_S and missing_s > _MISSING_SHARE * (log.expected_s or 0.0):
            notices.append(
                f"{name} is cut short: {self.duration_s:.0f} of {log.expected_s or 0.0:.0f} s could be decoded, only these count."
            )
        elif log.failures or self._process.returncode or self._damaged:
            notices.append(f"{name} is damaged in places: what could be decoded, {self.duration_s:.0f} s, was used.")
        self.notices = tuple(notices)


@contextmanager
def open_audio(path: Path | str, *, sample_rate: int = SAMPLE_RATE, max_duration_s: float | None = None) -> Iterator[AudioStream]:
    """Start decoding the first audio stream of a file: ``with open_audio(path) as stream: for segment in stream.segments(): …``.

    Args:
        path: a file in any format ffmpeg reads; of a video, the sound is used.
        sample_rate: samples per second of the segments.
        max_duration_s: longest recording accepted, :data:`MAX_DURATION_S` when not given.

    Raises:
        SourceError: when the path is not a file that can be read.
        AudioError: when the file is empty; see also :meth:`AudioStream.segments`.
        ToolError: when there is no ffmpeg or it cannot be started.
    """
    path = Path(path)
    _check(path)
    stream = AudioStream(path, sample_rate, MAX_DURATION_S if max_duration_s is None else max_duration_s)
    try:
        yield stream
    finally:
        stream.close()


def shown(path: Path) -> str:
    """The name of a file as it may stand in a sentence: no control characters, no undecodable bytes, at most 80 characters."""
    name = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in path.name or str(path))
    return f"“{name if len(name) <= 80 else name[:79] + '…'}”"


def _check(path: Path) -> None:
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode):
            path.open("rb").close()
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = (error.strerror if isinstance(error, OSError) else None) or "not a possible name"
        raise SourceError(f"{shown(path)} cannot be read ({reason.lower()})", "check the path and its permissions") from error
    if not stat.S_ISREG(status.st_mode):
        raise SourceError(f"{shown(path)} is not a file", "hand in an audio file or a folder of them")
    if not status.st_size:
        raise AudioError(f"{shown(path)} is empty", _ANOTHER)


def _pipe() -> tuple[int, int]:
    reader, writer = os.pipe()
    grow = getattr(fcntl, "F_SETPIPE_SZ", None)  # Linux only
    if grow is not None:
        with suppress(OSError):  # a user's pipes may be limited in sum; a small one is only slower
            fcntl.fcntl(writer, grow, _PIPE_BYTES)
    return reader, writer


def _reason(log: FfmpegLog) -> str:
    text = "".join(c for c in log.last_failure if c.isprintable())[:120].strip().rstrip(".")
    return f" ({text})" if text else ""
