"""Songs and their segments side by side in arrays: what a search runs over. A block never changes; adding or removing makes another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.affect import DIM, FloatArray
from engine.index.points import Points

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Block:
    """n songs, sorted by recording id, and their m segments, grouped by song and in order of time.

    Attributes:
        song_ids: (n,) int64 recording ids, strictly increasing.
        songs: n search vectors.
        bounds: (n + 1,) int64; the segments of song i are the rows from bounds[i] up to bounds[i + 1].
        starts: (m,) float32 seconds.
        ends: (m,) float32 seconds.
        segments: m search vectors.
    """

    song_ids: IntArray
    songs: Points
    bounds: IntArray
    starts: FloatArray
    ends: FloatArray
    segments: Points

    @classmethod
    def empty(cls) -> Block:
        """No songs."""
        nothing = np.empty((0, DIM), dtype=np.float32)
        return cls.of((), nothing, (), (), (), nothing)

    @classmethod
    def of(
        cls,
        song_ids: ArrayLike,
        song_vectors: FloatArray,
        segment_songs: ArrayLike,
        segment_starts: ArrayLike,
        segment_ends: ArrayLike,
        segment_vectors: FloatArray,
    ) -> Block:
        """Sort songs and segments, in whatever order they come, into a block.

        Args:
            song_ids: (n,) recording ids, each once.
            song_vectors: (n, 65).
            segment_songs: (m,) recording id of each segment.
            segment_starts: (m,) seconds.
            segment_ends: (m,) seconds.
            segment_vectors: (m, 65).

        Raises:
            ValueError: when shapes do not fit, a number is not finite, a recording comes twice or a segment belongs to none.
        """
        ids, owners = np.asarray(song_ids, dtype=np.int64), np.asarray(segment_songs, dtype=np.int64)
        starts, ends = np.asarray(segment_starts, dtype=np.float32), np.asarray(segment_ends, dtype=np.float32)
        _check_vectors("song", song_vectors, len(ids))
        _check_vectors("segment", segment_vectors, len(owners))
        if not len(starts) == len(ends) == len(owners):
            raise ValueError("each segment needs a start and an end")
        order = np.argsort(ids, kind="stable")
        ids = ids[order]
        if (np.diff(ids) == 0).any():
            raise ValueError("a recording is there twice")
        place = np.searchsorted(ids, owners)
        if len(owners) and (len(ids) == 0 or (ids[np.minimum(place, len(ids) - 1)] != owners).any()):
            raise ValueError("a segment belongs to a recording that is not there")
        by_song = np.lexsort((starts, place))
        counts = np.bincount(place, minlength=len(ids))
        return cls(
            ids,
            Points.of(_picked(song_vectors, order)),
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            starts[by_song],
            ends[by_song],
            Points.of(_picked(segment_vectors, by_song)),
        )

    @classmethod
    def joined(cls, parts: Sequence[Block], *, compact: bool) -> Block:
        """The songs of several blocks, which share none, in one; ``compact`` keeps the segments' vectors as fixed point."""
        ids = np.concatenate([part.song_ids for part in parts])
        order = np.argsort(ids, kind="stable")
        bounds = np.concatenate([[0], np.cumsum(np.concatenate([np.diff(part.bounds) for part in parts]))]).astype(np.int64)
        stacked = cls(
            ids,
            Points.joined([part.songs for part in parts], compact=compact),
            bounds,
            np.concatenate([part.starts for part in parts]),
            np.concatenate([part.ends for part in parts]),
            Points.joined([part.segments for part in parts], compact=compact),
        )
        return stacked if (np.diff(ids) > 0).all() else stacked._rows(order)

    @property
    def n_songs(self) -> int:
        """How many songs."""
        return len(self.song_ids)

    @property
    def n_segments(self) -> int:
        """How many segments of all songs together."""
        return len(self.starts)

    @property
    def n_vectors(self) -> int:
        """Songs and segments together."""
        return self.n_songs + self.n_segments

    @property
    def nbytes(self) -> int:
        """Bytes of memory the arrays take."""
        arrays = (self.song_ids, self.bounds, self.starts, self.ends)
        return self.songs.nbytes + self.segments.nbytes + sum(int(array.nbytes) for array in arrays)

    def owners(self) -> NDArray[np.int32]:
        """(m,) int32 row of the song each segment belongs to."""
        return np.repeat(np.arange(self.n_songs, dtype=np.int32), np.diff(self.bounds))

    def find(self, recording_ids: IntArray) -> IntArray:
        """Rows of the songs among ``recording_ids`` that are here, sorted, each once."""
        place = np.searchsorted(self.song_ids, recording_ids)
        known = place < self.n_songs
        known[known] = self.song_ids[place[known]] == recording_ids[known]
        return np.unique(place[known]).astype(np.int64)

    def counts(self, songs: IntArray) -> IntArray:
        """How many segments each of some songs has."""
        return np.asarray(self.bounds[songs + 1] - self.bounds[songs], dtype=np.int64)

    def segment_rows(self, songs: IntArray) -> IntArray:
        """Rows of all segments of some songs, song by song."""
        counts = self.counts(songs)
        first = np.cumsum(counts) - counts
        return np.repeat(self.bounds[songs] - first, counts) + np.arange(counts.sum(), dtype=np.int64)

    def gathered(self, songs: IntArray) -> Block:
        """Some songs, by sorted row, as a block of their own with its vectors as float32."""
        rows = self.segment_rows(songs)
        return Block(
            self.song_ids[songs],
            Points.of(self.songs.take(songs)),
            np.concatenate([[0], np.cumsum(self.counts(songs))]).astype(np.int64),
            self.starts[rows],
            self.ends[rows],
            Points.of(self.segments.take(rows)),
        )

    def _rows(self, songs: IntArray) -> Block:
        """Some songs, by row and in that order, with their vectors stored as they are here."""
        rows = self.segment_rows(songs)
        return Block(
            self.song_ids[songs],
            Points(self.songs.stored[songs], self.songs.low, self.songs.high),
            np.concatenate([[0], np.cumsum(self.counts(songs))]).astype(np.int64),
            self.starts[rows],
            self.ends[rows],
            Points(self.segments.stored[rows], self.segments.low, self.segments.high),
        )

    def kept(self, alive: NDArray[np.bool_]) -> Block:
        """The songs where ``alive`` (n,) is true, with their vectors stored as they are here."""
        return self if alive.all() else self._rows(np.flatnonzero(alive))


def _check_vectors(what: str, vectors: FloatArray, n: int) -> None:
    if vectors.shape != (n, DIM):
        raise ValueError(f"{what} vectors must have shape ({n}, {DIM}), not {vectors.shape}")
    if not np.isfinite(vectors).all():
        raise ValueError(f"{what} vectors must be finite")


def _picked(vectors: FloatArray, order: IntArray) -> FloatArray:
    """Rows in another order, without a copy where it is the order they have."""
    same = len(order) == 0 or bool((np.diff(order) == 1).all())
    return np.asarray(vectors if same else vectors[order], dtype=np.float32)
