"""ffmpeg's log, read in any pieces and whatever a file's tags put into it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.audio.log import FfmpegLog

SONG = b"""[info] Input #0, mp3, from 'file:x.mp3':
[info]   Metadata:
[info]     title           : A song
[info]     title           : [info]   Duration: 99:00:00.00
[info]                     :   Duration: 98:00:00.00
[info]   Duration: 01:02:03.50, start: 0.025057, bitrate: 128 kb/s
[info]   Stream #0:0(eng): Audio: mp3 (mp3float), 44100 Hz, stereo, fltp, 128 kb/s
[info]   Stream #0:1: Video: png, rgb24, 500x500, 90k tbr (attached pic)
[mp3float @ 0x55914763f300] [error] Header missing
[info] Stream mapping:
"""


def _read(*pieces: bytes) -> FfmpegLog:
    log = FfmpegLog()
    for piece in pieces:
        log.feed(piece)
    return log


def _facts(log: FfmpegLog) -> tuple[object, ...]:
    return log.opened, log.audio, log.video, log.expected_s, log.failures, log.last_failure


def test_what_matters_is_found() -> None:
    assert _facts(_read(SONG)) == (True, True, False, 3723.5, 1, "Header missing")


@given(st.lists(st.integers(0, len(SONG)), max_size=12))
def test_the_pieces_it_comes_in_do_not_matter(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(SONG)]
    assert _facts(_read(*(SONG[a:b] for a, b in pairwise(edges)))) == _facts(_read(SONG))


def test_a_duration_guessed_from_the_bit_rate_is_none() -> None:
    guess = b"[mp3 @ 0x1] [warning] Estimating duration from bitrate, this may be inaccurate\n"
    assert _read(guess, SONG).expected_s is None
    assert _read(b"[info] Input #0, ogg, from 'x':\n[info]   Duration: N/A, start: 0\n").expected_s is None


def test_a_film_has_a_video_stream() -> None:
    assert _read(b"[info]   Stream #0:0[0x1](und): Video: h264 (High), yuv420p, 320x240, 25 fps (default)\n").video


def test_a_tag_of_megabytes_is_not_kept() -> None:
    log = _read(*[b"x" * 65_536] * 64, b"\n", SONG)
    assert _facts(log) == _facts(_read(SONG))
    assert len(log._line) == 0
    log.feed(b"y" * 1_000_000)
    assert len(log._line) < 10_000


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_any_bytes_are_read_without_an_error(pieces: list[bytes]) -> None:
    log = _read(*pieces)
    assert log.failures >= 0
