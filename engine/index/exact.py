"""The ranking distance over every song of a block: alpha * d(song) + (1 - alpha) * min d(segment), by matrix products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.affect import FloatArray
from engine.index.block import Block, IntArray
from engine.index.points import Points

#: Rounding of a matrix product of float32 as a share of the squared lengths that go in, with room to spare.
_ROUNDING = 4e-6


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The k nearest songs of a block, nearest first.

    Attributes:
        songs: (k,) int64 rows of the songs.
        distance: (k,) float32 ranking distance.
        song_distance: (k,) float32.
        segment_distance: (k,) float32, that of the nearest segment; the song's own where no segment is known.
        segment: (k,) int64 row of the nearest segment, the earliest of equals; -1 where none is known.
    """

    songs: IntArray
    distance: FloatArray
    song_distance: FloatArray
    segment_distance: FloatArray
    segment: IntArray


def squared_distances(queries: FloatArray, points: Points) -> FloatArray:
    """(q, n) float32 squared L2 distances of (q, 65) queries to n points, with the rounding of a matrix product, never negative."""
    # A single query stays on one thread: on a busy machine, waking a matrix library's threads takes longer than the sums themselves.
    alone = len(queries) == 1
    distances = np.einsum("ij,j->i", points.all(), queries[0])[None] if alone else queries @ points.all().T
    distances *= np.float32(-2.0)
    distances += points.squares
    distances += np.einsum("ij,ij->i", queries, queries)[:, None]
    return np.asarray(np.maximum(distances, 0.0, out=distances), dtype=np.float32)


def ranking_distances(queries: FloatArray, block: Block, alpha: float) -> FloatArray:
    """(q, n) float32 ranking distances of (q, 65) queries to all songs of a block."""
    songs = squared_distances(queries, block.songs)
    nearest = songs.copy()
    known = np.diff(block.bounds) > 0
    if known.any():
        segments = squared_distances(queries, block.segments)
        nearest[:, known] = np.minimum.reduceat(segments, block.bounds[:-1][known], axis=1)
    return np.asarray(np.float32(alpha) * songs + np.float32(1.0 - alpha) * nearest, dtype=np.float32)


def nearest_songs(vector: FloatArray, block: Block, k: int, alpha: float) -> Found:
    """The ``k`` songs (or all there are) nearest to a (65,) vector; songs equally far come in order of their ids."""
    rough = ranking_distances(vector[None], block, alpha)[0]
    if len(rough) <= k:
        return measured(vector, block, np.arange(len(rough)), k, alpha)
    slack = _ROUNDING * (1.0 + float(vector @ vector))
    return measured(vector, block, np.flatnonzero(rough <= np.partition(rough, k - 1)[k - 1] + slack), k, alpha)


def measured(vector: FloatArray, block: Block, songs: IntArray, k: int, alpha: float) -> Found:
    """The ``k`` nearest among some songs (sorted rows), each distance from the differences themselves."""
    query = vector.astype(np.float32)
    song = _direct(query, block.songs.take(songs))
    rows = block.segment_rows(songs)
    segment = _direct(query, block.segments.take(rows))
    counts = block.counts(songs)
    first = np.cumsum(counts) - counts
    nearest, at = song.copy(), np.full(len(songs), -1, dtype=np.int64)
    known = counts > 0
    if known.any():
        nearest[known] = np.minimum.reduceat(segment, first[known])
        hit = np.flatnonzero(segment == np.repeat(nearest, counts))
        owner = np.repeat(np.arange(len(songs)), counts)[hit]
        owner, earliest = np.unique(owner, return_index=True)
        at[owner] = rows[hit[earliest]]
    distance = np.asarray(np.float32(alpha) * song + np.float32(1.0 - alpha) * nearest, dtype=np.float32)
    order = np.argsort(distance, kind="stable")[:k]
    return Found(songs[order], distance[order], song[order], nearest[order], at[order])


def _direct(vector: FloatArray, points: FloatArray) -> FloatArray:
    difference = points - vector
    return np.asarray(np.einsum("ij,ij->i", difference, difference), dtype=np.float32)
