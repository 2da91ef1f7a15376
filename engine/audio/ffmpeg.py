"""Finds the ffmpeg program and writes its command line: one decode, two outputs."""

from __future__ import annotations

import logging
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from engine.errors import ToolError

_LOG = logging.getLogger(__name__)

MEND = "install ffmpeg with Chromaprint support, or reinstall Emojuke, which brings one (imageio-ffmpeg)"

#: What may be opened. Playlists, image sequences, concat scripts and trackers are not here: they name or pull in other files.
DEMUXERS = "aac,aiff,asf,avi,caf,flac,flv,matroska,webm,mov,mp4,m4a,3gp,mp3,mpegts,ogg,w64,wav,wv"

#: Chromaprint hears up to 3.5 kHz and works at this rate inside.
CHROMAPRINT_RATE = 11_025

#: Samples a frame is gathered to before it is filtered. A codec's own frames are 20 ms long and each is handed from thread to thread;
#: larger ones save a third of the time of a decode.
BLOCK = 48_000

#: Chromaprint needs 20 frames of 0.12 s for its first word; shorter audio is continued by silence up to here, in seconds.
FINGERPRINT_MIN_S = 6

_PROBE_TIMEOUT_S = 30.0


@cache
def ffmpeg_path() -> str:
    """The ffmpeg program to use: of the one in PATH and the one imageio-ffmpeg brings, the first that can emit a Chromaprint fingerprint.

    Where none can, the first that runs; recordings are then scored but not recognised when they are added twice, and the log says so.

    Raises:
        ToolError: when there is none, or none of them runs.
    """
    problems, without = [], []
    for program in _programs():
        try:
            if can_fingerprint(program):
                return program
            without.append(program)
        except ToolError as error:
            problems.append(f"{program}: {error.problem}")
    if without:
        _LOG.warning("%s has no Chromaprint: the same recording added twice will not be recognised; %s.", without[0], MEND)
        return without[0]
    if problems:
        raise ToolError(f"no ffmpeg could be run ({', '.join(problems)})", MEND)
    raise ToolError("ffmpeg is not installed", MEND)


@cache
def can_fingerprint(program: str) -> bool:
    """Whether ``program`` was built with Chromaprint.

    Raises:
        ToolError: when it does not run.
    """
    return re.search(r"^\s*E\s+chromaprint\b", _ask(program, "-muxers"), re.MULTILINE) is not None


@cache
def ffmpeg_version(program: str) -> str:
    """The version ``program`` reports, for instance ``7.1.1``.

    Raises:
        ToolError: when it does not run.
    """
    match = re.match(r"ffmpeg version (\S+)", _ask(program, "-version"))
    return match.group(1) if match else "unknown"


def command(program: str, path: Path, sample_rate: int, fingerprint_fd: int | None) -> list[str]:
    """The command line that decodes the first audio stream of ``path`` once.

    Standard output carries mono float32 of the machine's byte order at ``sample_rate`` Hz, ``fingerprint_fd``, if any, the raw Chromaprint
    words once the end is reached, standard error the log with a level before each line.

    Channels are mixed with weights that sum to one whatever the codec. Left to itself ffmpeg does so for integer samples alone, and a
    stereo mp3 would be 3 dB louder than the same song as wav.

    The path is given with its protocol before it, so that neither a leading dash nor a colon means anything, and only the local file
    itself can be opened: no other protocol, no playlist.
    """
    import ffmpeg  # takes a tenth of a second, which a start of the program need not wait for

    name = f"file:{path}"
    valid = name.encode("utf-8", "backslashreplace").decode("utf-8")  # ffmpeg-python hashes names, and a name may be no valid Unicode
    source = ffmpeg.input(valid, threads=1, protocol_whitelist="file", format_whitelist=DEMUXERS)
    samples_format = "f32le" if sys.byteorder == "little" else "f32be"
    mono = (
        source["a:0"]
        .filter("asetnsamples", n=BLOCK, p=0)
        .filter("aresample", sample_rate, rematrix_maxval=1)
        .filter("aformat", sample_fmts="flt", channel_layouts="mono")
    )
    if fingerprint_fd is None:
        outputs = mono.output("pipe:1", format=samples_format, map_metadata=-1)
    else:
        both = mono.filter_multi_output("asplit")
        heard = both[1].filter("apad", whole_dur=FINGERPRINT_MIN_S).filter("aformat", sample_fmts="s16", sample_rates=CHROMAPRINT_RATE)
        outputs = ffmpeg.merge_outputs(
            both[0].output("pipe:1", format=samples_format, map_metadata=-1),
            heard.output(f"pipe:{fingerprint_fd}", format="chromaprint", fp_format="raw", map_metadata=-1),
        )
    outputs = outputs.global_args("-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info")
    return [name if part == valid else str(part) for part in outputs.compile(cmd=program)]


def _programs() -> list[str]:
    """Candidates, best first."""
    found = [shutil.which("ffmpeg")]
    try:
        import imageio_ffmpeg

        found.append(str(imageio_ffmpeg.get_ffmpeg_exe()))
    except (ImportError, RuntimeError):  # not installed, or its wheel brings no binary for this machine: the other candidate decides
        pass
    return list(dict.fromkeys(program for program in found if program))


def _ask(program: str, question: str) -> str:
    try:
        done = subprocess.run(
            [program, "-hide_banner", question], capture_output=True, stdin=subprocess.DEVNULL, timeout=_PROBE_TIMEOUT_S, check=True
        )
    except OSError as error:
        raise ToolError(error.strerror or str(error), MEND) from error
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"it gave no answer within {_PROBE_TIMEOUT_S:.0f} s", MEND) from error
    except subprocess.CalledProcessError as error:
        raise ToolError(f"it ended with status {error.returncode}", MEND) from error
    return done.stdout.decode(errors="replace")
