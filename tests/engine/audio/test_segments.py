"""15 s a piece, and what becomes of the rest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.affect import FloatArray
from engine.audio.segments import MIN_REMAINDER_S, SEGMENT_S, bounds, cut

RATE = 100


def _source(samples: FloatArray) -> Callable[[FloatArray], int]:
    position = 0

    def fill(target: FloatArray) -> int:
        nonlocal position
        piece = samples[position : position + len(target)]
        target[: len(piece)] = piece
        position += len(piece)
        return len(piece)

    return fill


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, []),
        (1.0, [(0, 1)]),
        (4.0, [(0, 4)]),
        (15.0, [(0, 15)]),
        (19.99, [(0, 15)]),
        (20.0, [(0, 15), (15, 20)]),
        (30.06, [(0, 15), (15, 30)]),
        (45.0, [(0, 15), (15, 30), (30, 45)]),
    ],
)
def test_where_segments_lie(seconds: float, expected: list[tuple[float, float]]) -> None:
    found = [(s.start_s, s.end_s) for s in cut(_source(np.zeros(round(seconds * RATE), dtype=np.float32)), RATE)]
    assert found == expected
    assert bounds(seconds) == expected


@given(st.integers(0, 100 * RATE))
def test_segments_are_the_recording_less_a_short_rest(length: int) -> None:
    samples = np.arange(length, dtype=np.float32)
    segments = list(cut(_source(samples), RATE))
    joined = np.concatenate([np.empty(0, dtype=np.float32), *(s.samples for s in segments)])
    np.testing.assert_array_equal(joined, samples[: len(joined)])
    assert length - len(joined) < MIN_REMAINDER_S * RATE
    assert all(len(s.samples) <= SEGMENT_S * RATE for s in segments)
    assert all(len(s.samples) == round((s.end_s - s.start_s) * RATE) for s in segments)
    assert bool(segments) == bool(length)
    assert bounds(length / RATE) == [(s.start_s, s.end_s) for s in segments]
