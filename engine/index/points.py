"""Many search vectors in little memory: as they are while few, as 16-bit fixed point once they are many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.affect import DIM, FloatArray

#: Rows decoded at a time where all of them are needed.
CHUNK = 1 << 16
_STEPS = 65535


@dataclass(frozen=True, eq=False)
class Points:
    """n search vectors, never changed once made.

    Attributes:
        stored: (n, 65) float32, or uint16 steps between ``low`` and ``high``. A step of 16 bits over a range of 1 is 1.5e-5: fp16, which
            takes as much room, is twenty times coarser at the end of the range, and no coordinate of a search vector is beyond 1.
        low: what step 0 stands for; 0 for float32.
        high: what step 65535 stands for; 0 for float32.
    """

    stored: NDArray[np.float32] | NDArray[np.uint16]
    low: float = 0.0
    high: float = 0.0

    @classmethod
    def of(cls, vectors: FloatArray) -> Points:
        """Keep (n, 65) float32 vectors as they are."""
        return cls(np.ascontiguousarray(vectors, dtype=np.float32))

    @classmethod
    def joined(cls, parts: Sequence[Points], *, compact: bool) -> Points:
        """All rows of ``parts`` one after the other, as fixed point if ``compact``; decoded a chunk at a time."""
        total = sum(len(part) for part in parts)
        if not compact or total == 0:
            stored = np.empty((total, DIM), dtype=np.float32)
            _fill(stored, parts, lambda chunk: chunk)
            return cls(stored)
        low = min(part.lowest for part in parts if len(part))
        high = max(part.highest for part in parts if len(part))
        scale = _STEPS / (high - low) if high > low else 0.0
        steps = np.empty((total, DIM), dtype=np.uint16)
        _fill(steps, parts, lambda chunk: np.asarray(np.rint((chunk - np.float64(low)) * scale), dtype=np.float32))
        return cls(steps, low, high)

    def __len__(self) -> int:
        return len(self.stored)

    @property
    def compact(self) -> bool:
        """Whether the rows are fixed point."""
        return self.stored.dtype == np.uint16

    @property
    def nbytes(self) -> int:
        """Bytes of memory the rows take."""
        return int(self.stored.nbytes)

    @cached_property
    def lowest(self) -> float:
        """The smallest coordinate; needs one row at least."""
        return self.low if self.compact else float(self.stored.min())

    @cached_property
    def highest(self) -> float:
        """The largest coordinate; needs one row at least."""
        return self.high if self.compact else float(self.stored.max())

    def take(self, rows: NDArray[np.int64] | slice) -> FloatArray:
        """(k, 65) float32 vectors of some rows."""
        return self._decoded(self.stored[rows])

    def all(self) -> FloatArray:
        """(n, 65) float32, all of them; shared, not copied, where they are kept as float32."""
        return self._decoded(self.stored)

    def chunks(self) -> Iterator[FloatArray]:
        """All rows in order, a chunk at a time."""
        for start in range(0, len(self), CHUNK):
            yield self.take(slice(start, start + CHUNK))

    @cached_property
    def squares(self) -> FloatArray:
        """(n,) float32 squared lengths, for distances by one matrix product."""
        squares = [np.einsum("ij,ij->i", chunk, chunk) for chunk in self.chunks()]
        return np.concatenate(squares) if squares else np.empty(0, dtype=np.float32)

    def _decoded(self, stored: NDArray[np.float32] | NDArray[np.uint16]) -> FloatArray:
        if stored.dtype == np.float32:
            return np.asarray(stored, dtype=np.float32)
        values = stored.astype(np.float32)
        values *= np.float32((self.high - self.low) / _STEPS)
        values += np.float32(self.low)
        return values


def _fill(target: NDArray[np.float32] | NDArray[np.uint16], parts: Sequence[Points], encode: Callable[[FloatArray], FloatArray]) -> None:
    at = 0
    for part in parts:
        for chunk in part.chunks():
            target[at : at + len(chunk)] = encode(chunk)
            at += len(chunk)
