"""Approximate nearest neighbours among very many vectors: FAISS's inverted file, tuned at build time to the recall it must keep.

Why an inverted file and not HNSW, why 8 bits, why 64 dimensions: docs/index.md, with the measurements.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.affect import AXES, DIM, FloatArray
from engine.index.block import IntArray
from engine.index.exact import squared_distances
from engine.index.faiss_library import faiss
from engine.index.points import Points

#: Recall@10 the number of cells to visit is chosen for, well above the 0.98 promised: real queries differ from held-out ones.
TUNED_RECALL = 0.995
#: Shares of permitted vectors it is chosen for; the fewer are permitted, the farther the nearest ten reach.
_SHARES = (1.0, 0.25, 0.05)
#: Rows fetched for each one wanted, to be put in order by their own vectors: 8 bits can't tell near twins apart.
FETCHED = 16
#: Of each kind.
_TUNING_QUERIES = 96
_NEAREST = 10
#: Dimensions left after the rotation onto principal components: a multiple of 16, which the vector units of processors like, and of 65
#: the one given up hardly varies, because the roots of the emoji probabilities lie on a sphere.
_ROTATED = 64
_POINTS_PER_CELL = 64
_ROUNDS = 10
_SEED = 15


@dataclass(frozen=True, eq=False)
class Filter:
    """Which rows a search may find.

    Attributes:
        share: how many of all rows that is, in (0, 1].
        rows: FAISS selector of the rows.
        cells: FAISS selector of the cells that hold one at least, so that none is visited in vain.
        nbytes: bytes of memory both take.
    """

    share: float
    rows: Any
    cells: Any
    nbytes: int


@dataclass(frozen=True, eq=False)
class Cells:
    """An inverted file over n vectors. Searching changes nothing in it, so any number of threads may.

    Attributes:
        index: a FAISS IndexPreTransform: rotation, cells, 8 bits a coordinate.
        visits: (share of permitted rows, cells to visit), largest share first.
    """

    index: Any
    visits: tuple[tuple[float, int], ...]

    @classmethod
    def build(cls, points: Points, *, recall: float = TUNED_RECALL) -> Cells:
        """Train on a sample, add everything, and choose how many cells to visit on held-out queries. Needs 1,024 vectors or more."""
        library = faiss()
        rng = np.random.default_rng(_SEED)
        n_cells = 1 << round(math.log2(math.sqrt(len(points))))
        index = library.index_factory(DIM, f"PCA{_ROTATED},IVF{n_cells},SQ8")
        inverted = library.extract_index_ivf(index)
        inverted.cp.niter, inverted.cp.seed, inverted.cp.min_points_per_centroid = _ROUNDS, _SEED, 1
        sample = np.sort(rng.choice(len(points), min(len(points), n_cells * _POINTS_PER_CELL), replace=False))
        index.train(points.take(sample))
        for chunk in points.chunks():
            index.add(chunk)
        untuned = cls(index, ((1.0, 1),))
        return cls(index, untuned._tuned(points, rng, recall))

    @classmethod
    def from_bytes(cls, content: bytes, visits: Sequence[Sequence[float]], n: int) -> Cells:
        """Read what :meth:`to_bytes` wrote.

        Raises:
            ValueError: when it does not hold ``n`` vectors.
            RuntimeError: when it is no FAISS index.
        """
        index = faiss().deserialize_index(np.frombuffer(content, dtype=np.uint8))
        if index.ntotal != n:
            raise ValueError(f"the inverted file holds {index.ntotal} vectors, not {n}")
        return cls(index, tuple((float(share), int(probes)) for share, probes in visits))

    def to_bytes(self) -> bytes:
        """The FAISS index as FAISS writes it."""
        return bytes(faiss().serialize_index(self.index).tobytes())

    @cached_property
    def _inverted(self) -> Any:
        return faiss().extract_index_ivf(self.index)

    @property
    def n_cells(self) -> int:
        """How many cells there are."""
        return int(self._inverted.nlist)

    @cached_property
    def _cell_of(self) -> NDArray[np.int32]:
        """(n,) int32 cell of each row."""
        library, lists = faiss(), self._inverted.invlists
        cell_of = np.empty(self.index.ntotal, dtype=np.int32)
        for cell in range(self.n_cells):
            size = lists.list_size(cell)
            if size:
                cell_of[library.rev_swig_ptr(lists.get_ids(cell), size)] = cell
        return cell_of

    def filter(self, allowed: NDArray[np.bool_]) -> Filter:
        """The filter that lets the rows through where ``allowed`` (n,) is true; at least one must be."""
        occupied = np.bincount(self._cell_of[allowed], minlength=self.n_cells) > 0
        return Filter(float(allowed.mean()), _selector(allowed), _selector(occupied), (len(allowed) + len(occupied)) // 8)

    def nearest(self, vector: FloatArray, k: int, allowed: Filter | None = None, *, widen: int = 1) -> tuple[IntArray, FloatArray, bool]:
        """Rows and approximate squared distances of the ``k`` rows nearest to a (65,) vector.

        Args:
            vector: the query.
            k: how many, at least 1.
            allowed: what may be found; None for everything.
            widen: visit that many times the tuned number of cells.

        Returns:
            (j,) rows, nearest first; (j,) float32 distances; and whether every cell was visited, so that there is nothing further.
        """
        probes = min(self._visits(allowed.share if allowed else 1.0) * widen, self.n_cells)
        distances, rows = self.index.search(vector[None], k, params=self._parameters(probes, allowed))
        found = rows[0] >= 0
        return rows[0][found], distances[0][found], probes == self.n_cells

    def _visits(self, share: float) -> int:
        return next((probes for tuned, probes in self.visits if share >= tuned), self.visits[-1][1])

    @staticmethod
    def _parameters(probes: int, allowed: Filter | None) -> Any:
        library = faiss()
        if allowed is None:
            return library.SearchParametersIVF(nprobe=probes)
        coarse = library.SearchParameters(sel=allowed.cells)
        return library.SearchParametersIVF(nprobe=probes, sel=allowed.rows, quantizer_params=coarse)

    def _tuned(self, points: Points, rng: np.random.Generator, recall: float) -> tuple[tuple[float, int], ...]:
        """The fewest cells, by doubling and halfway steps, that keep the recall for every kind of held-out query."""
        kinds = _held_out(points, rng)
        # A share needs no fewer cells than any larger one.
        least, visits = 1, []
        for share in _SHARES:
            allowed = np.ones(len(points), dtype=np.bool_) if share == 1.0 else rng.random(len(points)) < share
            if not allowed.any():
                continue
            truth = [nearest_rows(queries, points, allowed, _NEAREST) for queries in kinds]
            passed = None if share == 1.0 else self.filter(allowed)
            for probes in _steps(least, self.n_cells):
                if all(self._recall(queries, right, points, probes, passed) >= recall for queries, right in zip(kinds, truth, strict=True)):
                    break
            least = probes
            visits.append((share, probes))
        return tuple(visits)

    def _recall(self, queries: FloatArray, truth: Sequence[IntArray], points: Points, probes: int, allowed: Filter | None) -> float:
        """Recall@10 of what 8 bits fetch, put in order by the vectors themselves."""
        _, found = self.index.search(queries, FETCHED * _NEAREST, params=self._parameters(probes, allowed))
        shares = []
        for query, rows, right in zip(queries, found, truth, strict=True):
            known = rows[rows >= 0]
            order = np.argsort(np.square(points.take(known) - query).sum(axis=1), kind="stable")
            shares.append(len(np.intersect1d(known[order[:_NEAREST]], right)) / max(len(right), 1))
        return float(np.mean(shares))


def nearest_rows(queries: FloatArray, points: Points, allowed: NDArray[np.bool_], k: int) -> list[IntArray]:
    """Exactly the ``k`` allowed rows nearest to each of (q, 65) queries, a chunk of points at a time."""
    best_rows = np.empty((len(queries), 0), dtype=np.int64)
    best = np.empty((len(queries), 0), dtype=np.float32)
    start = 0
    for chunk in points.chunks():
        rows = np.flatnonzero(allowed[start : start + len(chunk)])
        distances = squared_distances(queries, Points.of(chunk[rows]))
        best = np.concatenate([best, distances], axis=1)
        best_rows = np.concatenate([best_rows, np.broadcast_to(rows + start, distances.shape)], axis=1)
        if best.shape[1] > k:
            keep = np.argpartition(best, k - 1, axis=1)[:, :k]
            best, best_rows = np.take_along_axis(best, keep, axis=1), np.take_along_axis(best_rows, keep, axis=1)
        start += len(chunk)
    return list(best_rows)


def _held_out(points: Points, rng: np.random.Generator) -> tuple[FloatArray, ...]:
    """Three kinds of queries that are not in the index: neighbours of what is in it; the VAD of one row with the emoji of another, as far
    from any song as sentences tend to be; and every coordinate from a row of its own, farther than anything anybody may mean."""
    n = min(_TUNING_QUERIES, len(points))
    one, other = (points.take(np.sort(rng.choice(len(points), n, replace=False))) for _ in range(2))
    near = one + rng.normal(0.0, 0.25, one.shape) * one.std(axis=0)
    crossed = np.concatenate([one[:, : len(AXES)], rng.permutation(other)[:, len(AXES) :]], axis=1)
    return tuple(queries.astype(np.float32) for queries in (near, crossed, rng.permuted(other, axis=0)))


def _steps(least: int, most: int) -> list[int]:
    steps, probes = [], max(least, 1)
    while probes < most:
        steps.append(probes)
        probes = probes * 3 // 2 if (probes & (probes - 1)) == 0 and probes > 1 else probes * 4 // 3 if probes > 1 else 2
    return [*steps, most]


def _selector(allowed: NDArray[np.bool_]) -> Any:
    """A FAISS selector that keeps the bits it reads alive."""
    library = faiss()
    bits = np.packbits(allowed, bitorder="little")
    selector = library.IDSelectorBitmap(len(bits), library.swig_ptr(bits))
    selector.bits = bits
    return selector
