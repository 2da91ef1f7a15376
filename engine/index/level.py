"""All songs, or all segments, of a large part of the index as one list to take the nearest from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.affect import FloatArray
from engine.index.block import IntArray
from engine.index.cells import Cells, Filter
from engine.index.exact import squared_distances
from engine.index.points import Points

#: Up to so many vectors, comparing with every one is as fast as an inverted file.
_FEW = 4096
#: An inverted file is not trained on fewer vectors than this.
_TRAINABLE = 256


@dataclass(frozen=True, eq=False)
class Allowed:
    """The rows of a level that may be found, one at least: as a mask, or as a filter where there are cells."""

    mask: NDArray[np.bool_] | None
    filter: Filter | None

    @property
    def nbytes(self) -> int:
        """Bytes of memory it takes."""
        return int(self.mask.nbytes) if self.mask is not None else self.filter.nbytes if self.filter is not None else 0


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest rows of a level.

    Attributes:
        rows: (j,) int64, nearest first.
        distances: (j,) float32 squared L2, approximate where there are cells.
        last: whether there is nothing further than these.
    """

    rows: IntArray
    distances: FloatArray
    last: bool

    @property
    def bound(self) -> float:
        """No row that is not among these is nearer than this."""
        return float("inf") if self.last else float(self.distances[-1]) if len(self.distances) else 0.0


@dataclass(frozen=True, eq=False)
class Level:
    """n vectors, with an inverted file over them where they are many. Never changes."""

    points: Points
    cells: Cells | None

    @classmethod
    def build(cls, points: Points, exact_limit: int) -> Level:
        """Build an inverted file if there are more vectors than are quickly compared one by one."""
        many = len(points) > min(_FEW, exact_limit) and len(points) >= _TRAINABLE
        return cls(points, Cells.build(points) if many else None)

    def allow(self, mask: NDArray[np.bool_]) -> Allowed | None:
        """What lets the rows through where ``mask`` (n,) is true; None when there is none."""
        if not mask.any():
            return None
        return Allowed(mask, None) if self.cells is None else Allowed(None, self.cells.filter(mask))

    def nearest(self, vector: FloatArray, k: int, allowed: Allowed | None, *, widen: int = 1) -> Nearest:
        """The ``k`` rows nearest to a (65,) vector among the allowed ones, None standing for all; ``widen`` times the usual effort."""
        if self.cells is not None:
            rows, distances, complete = self.cells.nearest(vector, k, allowed.filter if allowed else None, widen=widen)
            return Nearest(rows, distances, complete and len(rows) < k)
        distances = squared_distances(vector[None], self.points)[0]
        if allowed is not None and allowed.mask is not None:
            distances[~allowed.mask] = np.inf
        rows = np.arange(len(distances)) if len(distances) <= k else np.argpartition(distances, k - 1)[:k]
        rows = rows[np.argsort(distances[rows], kind="stable")]
        rows = rows[np.isfinite(distances[rows])]
        return Nearest(rows, distances[rows], len(rows) < k)
