"""A part of the index: a block of songs, which of them are still there, and how it is searched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.affect import FloatArray
from engine.index.block import Block, IntArray
from engine.index.cells import FETCHED
from engine.index.exact import Found, measured, nearest_songs
from engine.index.level import Level, Nearest
from engine.index.selection import Selection, Selections

#: So many permitted vectors are searched exactly: about 2 ms on one thread.
EXACT_LIMIT = 50_000
#: How many rows are taken from each list at first: at least, and for each song asked for.
_DEPTH, _DEPTH_A_SONG = 128, 8
#: How many times more rows and cells the next attempt takes.
_DEEPER = 4
#: Attempts to prove that no song further down could come in; more are made only while songs are lacking.
_ATTEMPTS = 3


@dataclass(frozen=True, eq=False)
class Part:
    """A block, searched exactly while little of it is permitted, through inverted files beyond. Never changes: threads may share it.

    Attributes:
        block: the songs.
        alive: (n,) bool, false where a song was removed; None while none was.
        exact_limit: permitted vectors up to which a search is exact.
        levels: songs and segments as lists to take the nearest from; None where the whole block is within the limit.
    """

    block: Block
    alive: NDArray[np.bool_] | None = None
    exact_limit: int = EXACT_LIMIT
    levels: tuple[Level, Level] | None = None

    @classmethod
    def build(cls, block: Block, exact_limit: int = EXACT_LIMIT) -> Part:
        """Build the inverted files that a block of this size needs."""
        if block.n_vectors <= exact_limit:
            return cls(block, None, exact_limit)
        return cls(block, None, exact_limit, (Level.build(block.songs, exact_limit), Level.build(block.segments, exact_limit)))

    @property
    def n_songs(self) -> int:
        """How many songs are there and not removed."""
        return self.block.n_songs if self.alive is None else int(self.alive.sum())

    @property
    def n_segments(self) -> int:
        """How many segments they have."""
        return self.block.n_segments if self.alive is None else int(np.diff(self.block.bounds)[self.alive].sum())

    def find(self, recording_ids: IntArray) -> IntArray:
        """Rows of those of some recordings that are here and not removed, sorted."""
        rows = self.block.find(recording_ids)
        return rows if self.alive is None else rows[self.alive[rows]]

    def without(self, rows: IntArray) -> Part:
        """This part with some songs removed: marked, their vectors stay until the index is compacted."""
        alive = np.ones(self.block.n_songs, dtype=np.bool_) if self.alive is None else self.alive.copy()
        alive[rows] = False
        return Part(self.block, alive, self.exact_limit, self.levels)

    def search(self, vector: FloatArray, k: int, permitted: IntArray | None, alpha: float) -> Found:
        """The ``k`` permitted songs nearest to a (65,) vector by the ranking distance; fewer where there are fewer."""
        selection = self._selection(permitted)
        if selection.block is None:
            return self._search_levels(vector, min(k, selection.n_songs), selection, alpha)
        found = nearest_songs(vector, selection.block, k, alpha)
        if selection.rows is None:
            return found
        songs = selection.rows[found.songs]
        within = found.segment - selection.block.bounds[found.songs]
        segment = np.where(found.segment < 0, -1, self.block.bounds[songs] + within)
        return Found(songs, found.distance, found.song_distance, found.segment_distance, segment)

    def search_segments(self, vector: FloatArray, k: int, permitted: IntArray | None) -> tuple[IntArray, FloatArray]:
        """The rows of the ``k`` segments of permitted songs nearest to a (65,) vector, and their squared distances, nearest first."""
        selection = self._selection(permitted)
        if selection.block is not None:
            rows = np.arange(self.block.n_segments) if selection.rows is None else self.block.segment_rows(selection.rows)
            vectors = selection.block.segments.all()
        else:
            rows = self._nearest(1, vector, FETCHED * k, selection, 1).rows
            vectors = self.block.segments.take(rows)
        distances = np.square(vectors - vector).sum(axis=1)
        order = np.lexsort((rows, distances))[:k]
        return rows[order], distances[order]

    def _search_levels(self, vector: FloatArray, k: int, selection: Selection, alpha: float) -> Found:
        """Take candidates from the top of both lists, measure them exactly, and go deeper until nothing further down could come in.

        A song on neither list is at least alpha * (end of the song list) + (1 - alpha) * (end of the segment list) away: the threshold
        algorithm of Fagin, Lotem and Naor (2001).
        """
        depth, widen, attempt = max(_DEPTH, _DEPTH_A_SONG * k), 1, 1
        while True:
            songs = self._nearest(0, vector, depth, selection, widen)
            segments = self._nearest(1, vector, depth, selection, widen)
            candidates = np.union1d(songs.rows, self._owners[segments.rows]).astype(np.int64)
            found = measured(vector, self.block, candidates, k, alpha)
            enough = len(found.songs) == k
            # A song without segments is as far as its song distance alone.
            further = alpha * songs.bound + (1.0 - alpha) * (min(songs.bound, segments.bound) if self._some_bare else segments.bound)
            if songs.last or (enough and (attempt >= _ATTEMPTS or found.distance[-1] <= further)):
                return found
            depth, widen, attempt = depth * _DEEPER, widen * (1 if enough else _DEEPER), attempt + 1

    def _nearest(self, level: int, vector: FloatArray, k: int, selection: Selection, widen: int) -> Nearest:
        if self.levels is None or selection.empty[level]:
            return Nearest(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32), last=True)
        return self.levels[level].nearest(vector, k, selection.allowed[level], widen=widen)

    def _selection(self, permitted: IntArray | None) -> Selection:
        """What may be found: everything for None, else the songs among some recording ids that are here and not removed."""
        return self._everything if permitted is None else self._selections.of(permitted)

    @cached_property
    def _selections(self) -> Selections:
        return Selections(lambda permitted: self._select(self.find(permitted)))

    @cached_property
    def _everything(self) -> Selection:
        return self._select(np.arange(self.block.n_songs) if self.alive is None else np.flatnonzero(self.alive))

    @cached_property
    def _owners(self) -> NDArray[np.int32]:
        return self.block.owners()

    @cached_property
    def _some_bare(self) -> bool:
        return bool((np.diff(self.block.bounds) == 0).any())

    def _select(self, songs: IntArray) -> Selection:
        block, whole = self.block, len(songs) == self.block.n_songs
        if self.levels is None or len(songs) + int(block.counts(songs).sum()) <= self.exact_limit:
            return Selection(len(songs), block) if whole else Selection(len(songs), block.gathered(songs), songs)
        if whole:
            return Selection(len(songs), None, empty=(False, block.n_segments == 0))
        mask = np.zeros(block.n_songs, dtype=np.bool_)
        mask[songs] = True
        of_segments = np.repeat(mask, np.diff(block.bounds))
        allowed = (self.levels[0].allow(mask), self.levels[1].allow(of_segments))
        return Selection(len(songs), None, None, allowed, (allowed[0] is None, allowed[1] is None))
