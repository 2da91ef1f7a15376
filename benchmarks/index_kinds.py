"""The kinds of FAISS index the choice in docs/index.md was made among: ``python -m benchmarks.index_kinds [SEGMENTS]``.

Not part of ``make bench``: the choice is made, and HNSW takes long to build.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.figures import percentile
from benchmarks.vectors import library
from engine.affect import DIM
from engine.index.cells import nearest_rows
from engine.index.points import Points

#: FAISS factory strings, "{cells}" standing for the power of two nearest to the root of the number of vectors, and the efforts to try:
#: cells to visit, or HNSW's efSearch.
_CELLS, _GRAPH = (8, 16, 32, 64), (64, 128, 256)
KINDS = (
    ("IVF{cells},Flat", _CELLS),
    ("IVF{cells},SQ8", _CELLS),
    ("PCA64,IVF{cells},SQ8", _CELLS),
    ("PCA64,IVF{cells},SQfp16", _CELLS),
    ("PCA64,IVF{cells},PQ32x4fs", _CELLS),
    ("HNSW32,Flat", _GRAPH),
    ("HNSW32,SQ8", _GRAPH),
)
SHARES = (1.0, 0.1, 0.02)
#: Rows fetched for each of the ten asked for, to be put in order by the vectors themselves.
_FETCHED, _TOP = 40, 10


@dataclass(frozen=True)
class Kind:
    """One kind of index at one effort: its size and building time, and for each permitted share recall@10 and p50 in milliseconds."""

    name: str
    effort: int
    megabytes: float
    build_s: float
    shares: dict[float, tuple[float, float]]


def compare(n_segments: int) -> list[Kind]:
    """Measure every kind on one thread; times are processor time, so that a busy machine blurs them less."""
    faiss.omp_set_num_threads(1)
    made = library(n_segments)
    points = Points.of(made.segments)
    rng = np.random.default_rng(3)
    masks = {share: rng.random(len(points)) < share if share < 1.0 else np.ones(len(points), dtype=np.bool_) for share in SHARES}
    truth = {share: nearest_rows(made.queries, points, mask, _TOP) for share, mask in masks.items()}
    rows = []
    for pattern, efforts in KINDS:
        name = pattern.format(cells=1 << round(np.log2(np.sqrt(len(points)))))
        index = faiss.index_factory(DIM, name)
        started = time.process_time()
        index.train(points.take(np.sort(rng.choice(len(points), min(len(points), 65_536), replace=False))))
        index.add(points.all())
        build_s = time.process_time() - started
        megabytes = len(faiss.serialize_index(index)) / 1e6
        for effort in efforts:
            shares = {share: _measured(index, effort, masks[share], truth[share], points, made.queries) for share in SHARES}
            rows.append(Kind(name, effort, megabytes, build_s, shares))
    return rows


def _measured(
    index: Any, effort: int, mask: NDArray[np.bool_], truth: list[NDArray[np.int64]], points: Points, queries: NDArray[np.float32]
) -> tuple[float, float]:
    bits = np.packbits(mask, bitorder="little")
    selector = None if mask.all() else faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
    graph = isinstance(index, faiss.IndexHNSW)
    parameters = (
        faiss.SearchParametersHNSW(efSearch=effort, sel=selector) if graph else faiss.SearchParametersIVF(nprobe=effort, sel=selector)
    )
    recalls, times = [], []
    for query, right in zip(queries, truth, strict=True):
        started = time.thread_time()
        found = index.search(query[None], _FETCHED, params=parameters)[1][0]
        found = found[found >= 0]
        near = found[np.argsort(np.square(points.take(found) - query).sum(axis=1))[:_TOP]]
        times.append(1e3 * (time.thread_time() - started))
        recalls.append(len(np.intersect1d(near, right)) / len(right))
    return float(np.mean(recalls)), percentile(times, 50)


def table(rows: list[Kind]) -> Table:
    """The comparison as a table."""
    drawn = Table(title="Kinds of index")
    for heading in ("index", "effort", "MB", "built in s", *(f"{100 * share:g} %: recall, p50 ms" for share in SHARES)):
        drawn.add_column(heading, justify="left" if heading == "index" else "right")
    for row in rows:
        cells = [f"{recall:.3f}  {took:.2f}" for recall, took in row.shares.values()]
        drawn.add_row(row.name, str(row.effort), f"{row.megabytes:.0f}", f"{row.build_s:.1f}", *cells)
    return drawn


if __name__ == "__main__":
    Console(width=140).print(table(compare(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)))
