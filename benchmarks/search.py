"""Search at 10 thousand, 100 thousand and a million segments on one thread: time, memory, and recall against comparing with everything.

Runs in a process of its own, because the thread counts of OpenMP and of numpy's matrix library are read once.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from benchmarks.figures import Figure, percentile, result
from benchmarks.vectors import Library, library

SIZES = (10_000, 100_000, 1_000_000)
QUICK_SIZES = (10_000, 100_000)
SHARES = (1.0, 0.1, 0.01, 0.001)
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_TOP = 10
#: What is promised for a million segments.
_P99_MS, _RECALL, _MEGABYTES = 8.0, 0.98, 400.0
_ALPHA = 0.5


def measure(quick: bool = False, sizes: Sequence[int] | None = None) -> dict[str, Any]:
    """Figures for libraries of some sizes, each measured in a fresh process on one thread."""
    figures: list[Figure] = []
    details: dict[str, Any] = {}
    for size in sizes or (QUICK_SIZES if quick else SIZES):
        measured = _in_own_process(size)
        details[f"{size:,} segments"] = measured
        figures += _figures(size, measured)
    return result(figures, **details)


def _figures(size: int, measured: dict[str, Any]) -> list[Figure]:
    """Every share for the size that is promised something; for smaller ones all songs, and the least recall of any share."""
    large, name = size >= SIZES[-1], f"{size:,} segments"
    figures = []
    for share, row in measured["shares"].items() if large else list(measured["shares"].items())[:1]:
        who = f"{name}, {share} permitted"
        figures += [
            Figure(f"{who}: p50", row["p50_ms"], "ms", "exact search", row["exact_p50_ms"]),
            Figure(f"{who}: p99", row["p99_ms"], "ms", "exact search", row["exact_p99_ms"], bound=_P99_MS if large else None),
            Figure(f"{who}: p99 of processor time", row["p99_cpu_ms"], "ms", "exact search", row["exact_p99_cpu_ms"]),
        ]
        if large:
            figures += _recalls(who, [row])
    if not large:
        figures += _recalls(f"{name}, any share", list(measured["shares"].values()))
    figures.append(Figure(f"{name}: index in memory", measured["resident_mb"], "MB", bound=_MEGABYTES if large else None))
    figures.append(Figure(f"{name}: built in", measured["build_s"], "s"))
    figures.append(Figure(f"{name}: loaded in", measured["load_s"], "s"))
    return figures


def _recalls(who: str, rows: list[dict[str, float]]) -> list[Figure]:
    return [
        Figure(f"{who}: recall@{_TOP} of {what}", min(row[f"recall_{what}"] for row in rows), bound=_RECALL, sign=">=")
        for what in ("songs", "segments")
    ]


def _in_own_process(size: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.search", str(size)],
        env={**os.environ, **_ONE_THREAD},
        cwd=Path(__file__).resolve().parent.parent,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    document: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return document


def one_size(size: int, folder: Path) -> dict[str, Any]:
    """Build an index of one size, save it, load it into memory that held none, and measure it. Call it on one thread."""
    from engine.index import AffectIndex

    made = library(size)
    started, processor = time.perf_counter(), time.process_time()
    built = AffectIndex.build(
        np.arange(len(made.songs)), made.songs, made.owners, made.starts, made.starts + 15.0, made.segments, "benchmark", alpha=_ALPHA
    )
    build_s, build_cpu_s = time.perf_counter() - started, time.process_time() - processor
    built.save(folder)
    del built
    before = _resident()
    started = time.perf_counter()
    index = AffectIndex.load(folder, "benchmark", alpha=_ALPHA)
    load_s = time.perf_counter() - started
    for query in made.queries[:20]:
        index.search(query, _TOP)
        index.search_segments(query, _TOP)
    resident = _resident() - before
    rng = np.random.default_rng(2)
    shares = {f"{100 * share:g} %": _one_share(index, made, share, rng) for share in SHARES}
    return {
        "source": made.source,
        "songs": len(made.songs),
        "build_s": build_s,
        "build_cpu_s": build_cpu_s,
        "load_s": load_s,
        "resident_mb": resident / 1e6,
        "resident_with_guilds_mb": (_resident() - before) / 1e6,
        "shares": shares,
    }


def _one_share(index: Any, made: Library, share: float, rng: np.random.Generator) -> dict[str, float]:
    n = len(made.songs)
    permitted = None if share == 1.0 else np.sort(rng.choice(n, max(_TOP, round(share * n)), replace=False)).astype(np.int64)
    allowed = np.ones(n, dtype=np.bool_)
    if permitted is not None:
        allowed[:] = False
        allowed[permitted] = True
    exact = _Exact(made, allowed)
    started = time.perf_counter()
    index.search(made.queries[0], _TOP, permitted)  # the first search of a guild also gathers or filters its songs
    first_ms = 1e3 * (time.perf_counter() - started)
    found, wall, cpu = _timed(lambda q: [hit.recording_id for hit in index.search(q, _TOP, permitted)], made.queries)
    segments, segment_wall, _ = _timed(
        lambda q: [(hit.recording_id, hit.start_s) for hit in index.search_segments(q, _TOP, permitted)], made.queries
    )
    right, exact_wall, exact_cpu = _timed(exact.songs, made.queries)
    right_segments = [exact.nearest_segments(query) for query in made.queries]
    return {
        "first_ms": first_ms,
        "p50_ms": percentile(wall, 50),
        "p99_ms": percentile(wall, 99),
        "p50_cpu_ms": percentile(cpu, 50),
        "p99_cpu_ms": percentile(cpu, 99),
        "exact_p50_ms": percentile(exact_wall, 50),
        "exact_p99_ms": percentile(exact_wall, 99),
        "exact_p50_cpu_ms": percentile(exact_cpu, 50),
        "exact_p99_cpu_ms": percentile(exact_cpu, 99),
        "segments_p99_ms": percentile(segment_wall, 99),
        "recall_songs": _recall(found, right),
        "recall_segments": _recall(segments, right_segments),
    }


class _Exact:
    """Every permitted song and segment compared with the query by one matrix product: the floor, and the truth recall is taken of."""

    def __init__(self, made: Library, allowed: NDArray[np.bool_]) -> None:
        self._ids = np.flatnonzero(allowed)
        rows = np.flatnonzero(allowed[made.owners])
        whole = len(self._ids) == len(allowed)
        self._songs = made.songs if whole else made.songs[self._ids]
        self._segments = made.segments if whole else made.segments[rows]
        self._owners, self._starts = made.owners[rows], made.starts[rows]
        self._first = np.flatnonzero(np.diff(self._owners, prepend=-1))
        self._song_squares = np.einsum("ij,ij->i", self._songs, self._songs)
        self._segment_squares = np.einsum("ij,ij->i", self._segments, self._segments)

    def songs(self, query: NDArray[np.float32]) -> list[int]:
        song = self._song_squares - 2.0 * (self._songs @ query)
        segment = np.minimum.reduceat(self._segment_distances(query), self._first)
        distance = _ALPHA * song + (1.0 - _ALPHA) * segment
        return [int(i) for i in self._ids[np.argpartition(distance, _TOP - 1)[:_TOP]]]

    def nearest_segments(self, query: NDArray[np.float32]) -> list[tuple[int, float]]:
        rows = np.argpartition(self._segment_distances(query), _TOP - 1)[:_TOP]
        return [(int(self._owners[row]), float(self._starts[row])) for row in rows]

    def _segment_distances(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(self._segment_squares - 2.0 * (self._segments @ query), dtype=np.float32)


def _timed(
    search: Callable[[NDArray[np.float32]], list[Any]], queries: NDArray[np.float32]
) -> tuple[list[list[Any]], list[float], list[float]]:
    """What each query found, its wall time and its processor time, both in milliseconds."""
    found, wall, cpu = [], [], []
    for query in queries:
        started, processor = time.perf_counter(), time.thread_time()
        found.append(search(query))
        cpu.append(1e3 * (time.thread_time() - processor))
        wall.append(1e3 * (time.perf_counter() - started))
    return found, wall, cpu


def _recall(found: list[list[Any]], right: list[list[Any]]) -> float:
    return float(np.mean([len(set(f) & set(r)) / len(r) for f, r in zip(found, right, strict=True)]))


def _resident() -> int:
    """Bytes of this process in memory, after what was freed was given back."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        sys.stdout.write(json.dumps(one_size(int(sys.argv[1]), Path(scratch))) + "\n")
