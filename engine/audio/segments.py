"""Cuts a stream of samples into segments of 15 s, one in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from engine.affect import FloatArray

#: Length of a segment in seconds.
SEGMENT_S = 15.0

#: A last piece shorter than this, in seconds, says too little beside its neighbours and is dropped, unless it is all there is.
MIN_REMAINDER_S = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A piece of a recording.

    Attributes:
        start_s: where it starts in the recording, in seconds.
        end_s: where it ends.
        samples: (k,) float32 mono, k = (end_s - start_s) * sample rate, at most 15 s.
    """

    start_s: float
    end_s: float
    samples: FloatArray


def cut(fill: Callable[[FloatArray], int], sample_rate: int) -> Iterator[Segment]:
    """Segments in order of time.

    Args:
        fill: writes the next samples into the array it is given and returns how many; fewer than it had room for only at the end.
        sample_rate: samples per second.
    """
    size = round(SEGMENT_S * sample_rate)
    position = 0
    while True:
        samples = np.empty(size, dtype=np.float32)
        filled = fill(samples)
        if filled and (position == 0 or filled >= MIN_REMAINDER_S * sample_rate):
            yield Segment(position / sample_rate, (position + filled) / sample_rate, samples[:filled])
        position += filled
        if filled < size:
            return


def bounds(duration_s: float) -> list[tuple[float, float]]:
    """Start and end in seconds of the segments that :func:`cut` makes of a recording of this length."""
    starts = [SEGMENT_S * i for i in range(int(duration_s // SEGMENT_S) + 1)]
    pieces = [(start, min(start + SEGMENT_S, duration_s)) for start in starts]
    return [(start, end) for start, end in pieces if end > start and (start == 0.0 or end - start >= MIN_REMAINDER_S)]
