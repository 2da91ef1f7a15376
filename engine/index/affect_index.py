"""The index: nearest songs for a point of the affect space, among those somebody may see, while songs come and go."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.affect import DIM, VAD_WEIGHT, FloatArray
from engine.index import storage
from engine.index.block import Block, IntArray
from engine.index.exact import Found
from engine.index.part import EXACT_LIMIT, Part

#: Weight of the song as a whole where the caller names none; the fitted one is in the match scale, see :class:`engine.ranking.MatchScale`.
ALPHA = 0.5
#: Vectors added since the last rebuild, which are searched one by one, before all are built into one part again.
FRESH_LIMIT = 20_000
#: Share of removed songs at which the memory they take is given back.
_WASTE = 0.2


@dataclass(frozen=True, slots=True)
class Hit:
    """A song that was found.

    Attributes:
        recording_id: which.
        distance: alpha * song_distance + (1 - alpha) * segment_distance.
        song_distance: squared L2 between query and song, which is the affect distance.
        segment_distance: the same for its nearest segment; the song's own where no segment is known.
        start_s: where the nearest segment starts, in seconds; 0 where none is known.
        end_s: where it ends.
        n_segments: how many segments of the song are known. A best moment is worth naming from two on.
    """

    recording_id: int
    distance: float
    song_distance: float
    segment_distance: float
    start_s: float
    end_s: float
    n_segments: int


@dataclass(frozen=True, slots=True)
class SegmentHit:
    """A segment that was found: the recording it belongs to, its squared L2 distance, and from where to where it goes in seconds."""

    recording_id: int
    distance: float
    start_s: float
    end_s: float


@dataclass(frozen=True, eq=False)
class _State:
    """What readers see. Swapped in whole, so that no search ever meets half a change."""

    built: Part
    fresh: Part

    @property
    def parts(self) -> tuple[Part, Part]:
        return self.built, self.fresh


class AffectIndex:
    """Songs and segments as points whose squared L2 distance is the affect distance.

    Up to ``exact_limit`` permitted vectors are searched exactly, more through FAISS. Any number of threads may search while one adds,
    removes or replaces: readers hold on to the state they began with.

    Attributes:
        model_version: of the model that made every score in it; versions never mix.
        w: weight of VAD the vectors were made with.
        alpha: weight of the song as a whole, unless a search says otherwise.
        source: what the index was built from, in the caller's words, such as the catalogue's generation; kept when saved.
    """

    def __init__(
        self, model_version: str, *, w: float = VAD_WEIGHT, alpha: float = ALPHA, exact_limit: int = EXACT_LIMIT, source: str = ""
    ) -> None:
        self.model_version = model_version
        self.w = w
        self.alpha = alpha
        self.source = source
        self._exact_limit = exact_limit
        self._write_lock = threading.Lock()
        self._state = _State(self._part(Block.empty()), self._part(Block.empty()))

    @classmethod
    def build(
        cls,
        song_ids: ArrayLike,
        song_vectors: FloatArray,
        segment_songs: ArrayLike,
        segment_starts: ArrayLike,
        segment_ends: ArrayLike,
        segment_vectors: FloatArray,
        model_version: str,
        *,
        w: float = VAD_WEIGHT,
        alpha: float = ALPHA,
        exact_limit: int = EXACT_LIMIT,
        source: str = "",
    ) -> Self:
        """Build an index from all songs and segments at once.

        Args:
            song_ids: (n,) recording ids, each once.
            song_vectors: (n, 65) float32 of :func:`engine.affect.to_vectors`.
            segment_songs: (m,) recording id each segment belongs to.
            segment_starts: (m,) seconds.
            segment_ends: (m,) seconds.
            segment_vectors: (m, 65) float32.
            model_version: of the model that made the scores.
            w: weight of VAD the vectors were made with.
            alpha: weight of the song as a whole.
            exact_limit: permitted vectors up to which a search is exact.
            source: what the index is built from, in the caller's words.

        Raises:
            ValueError: when shapes do not fit, a number is not finite, a recording comes twice or a segment belongs to none.
        """
        index = cls(model_version, w=w, alpha=alpha, exact_limit=exact_limit, source=source)
        block = Block.of(song_ids, song_vectors, segment_songs, segment_starts, segment_ends, segment_vectors)
        index._state = _State(index._built([block]), index._state.fresh)
        return index

    @property
    def n_songs(self) -> int:
        """How many songs it holds."""
        return sum(part.n_songs for part in self._state.parts)

    @property
    def n_segments(self) -> int:
        """How many segments it holds."""
        return sum(part.n_segments for part in self._state.parts)

    def search(self, vector: FloatArray, k: int, permitted: NDArray[np.int64] | None = None, *, alpha: float | None = None) -> list[Hit]:
        """The ``k`` nearest permitted songs, nearest first, each recording once; fewer where there are fewer.

        Args:
            vector: (65,) search vector.
            k: how many songs.
            permitted: (p,) recording ids that may be found, in any order; None for all.
            alpha: weight of the song as a whole; None for the index's own.

        Raises:
            ValueError: when the vector has another shape or is not finite.
        """
        query, weight, state = _query(vector), self.alpha if alpha is None else alpha, self._state
        if k <= 0:
            return []
        hits = []
        for part in state.parts:
            if part.n_songs:
                hits += _hits(part.block, part.search(query, k, _ids(permitted), weight))
        return sorted(hits, key=lambda hit: (hit.distance, hit.recording_id))[:k]

    def search_segments(self, vector: FloatArray, k: int, permitted: NDArray[np.int64] | None = None) -> list[SegmentHit]:
        """The ``k`` nearest segments of permitted songs, nearest first, many of one song if it so happens."""
        query, state = _query(vector), self._state
        if k <= 0:
            return []
        hits = []
        for part in state.parts:
            if part.n_songs:
                block = part.block
                rows, distances = part.search_segments(query, k, _ids(permitted))
                owners = block.song_ids[np.searchsorted(block.bounds, rows, side="right") - 1]
                columns = (owners, distances, block.starts[rows], block.ends[rows])
                hits += [SegmentHit(int(i), float(d), float(s), float(e)) for i, d, s, e in zip(*columns, strict=True)]
        return sorted(hits, key=lambda hit: (hit.distance, hit.recording_id, hit.start_s))[:k]

    def vectors(self, recording_ids: Iterable[int]) -> dict[int, FloatArray]:
        """The (65,) search vectors of those of some songs that are here."""
        wanted = np.fromiter((int(i) for i in recording_ids), dtype=np.int64)
        known: dict[int, FloatArray] = {}
        for part in self._state.parts:
            rows = part.find(wanted)
            known.update(zip(part.block.song_ids[rows].tolist(), part.block.songs.take(rows), strict=True))
        return known

    def add(
        self,
        song_ids: ArrayLike,
        song_vectors: FloatArray,
        segment_songs: ArrayLike,
        segment_starts: ArrayLike,
        segment_ends: ArrayLike,
        segment_vectors: FloatArray,
        model_version: str,
    ) -> None:
        """Add songs, or replace those that are there already; arguments as for :meth:`build`. Searchable when this returns.

        Raises:
            ValueError: as for :meth:`build`, and when the scores are of another model version than the index.
        """
        if model_version != self.model_version:
            raise ValueError(f"scores of {model_version} cannot go into an index of {self.model_version}")
        block = Block.of(song_ids, song_vectors, segment_songs, segment_starts, segment_ends, segment_vectors)
        with self._write_lock:
            state = _without(self._state, block.song_ids)
            fresh = Block.joined([state.fresh.block.kept(_alive(state.fresh)), block], compact=False)
            self._state = self._settled(_State(state.built, self._part(fresh)))

    def remove(self, recording_ids: Iterable[int]) -> int:
        """Take songs away and return how many were there. They are found no more when this returns."""
        unwanted = np.fromiter((int(i) for i in recording_ids), dtype=np.int64)
        with self._write_lock:
            before = self.n_songs
            self._state = self._settled(_without(self._state, unwanted))
            return before - self.n_songs

    def compact(self) -> None:
        """Build everything into one part again and give back what removed songs took. Searches go on meanwhile, on the old state."""
        with self._write_lock:
            self._state = self._compacted(self._state)

    def replace(self, other: AffectIndex) -> None:
        """Take over all that another index holds, its model version included, in one step."""
        with self._write_lock:
            self.model_version, self.w, self.source = other.model_version, other.w, other.source
            self._state = other._state

    def save(self, folder: Path) -> None:
        """Write the index to a folder; what was saved there before stays valid until the new one is whole.

        Raises:
            IndexFileError: when it cannot be written.
        """
        with self._write_lock:
            state = self._state
            if state.fresh.block.n_songs or state.built.alive is not None:
                state = self._state = self._compacted(state)
            storage.save(folder, state.built, storage.Header(self.model_version, self.w, self.source))

    @classmethod
    def load(cls, folder: Path, model_version: str, *, w: float = VAD_WEIGHT, alpha: float = ALPHA, exact_limit: int = EXACT_LIMIT) -> Self:
        """Read a saved index.

        Raises:
            IndexFileError: when it is missing, damaged, or of another model version or weight; it can be rebuilt from the catalogue.
        """
        part, header = storage.load(folder, model_version, w, exact_limit)
        index = cls(model_version, w=w, alpha=alpha, exact_limit=exact_limit, source=header.source)
        index._state = _State(part, index._state.fresh)
        return index

    def _part(self, block: Block) -> Part:
        """A part that is always searched exactly, however many there are."""
        return Part(block, exact_limit=self._exact_limit)

    def _built(self, blocks: list[Block]) -> Part:
        compact = sum(block.n_vectors for block in blocks) > self._exact_limit
        whole = blocks[0] if len(blocks) == 1 and not compact else Block.joined(blocks, compact=compact)
        return Part.build(whole, self._exact_limit)

    def _compacted(self, state: _State) -> _State:
        blocks = [part.block.kept(_alive(part)) for part in state.parts if part.n_songs]
        return _State(self._built(blocks or [Block.empty()]), self._part(Block.empty()))

    def _settled(self, state: _State) -> _State:
        """The state itself, or a compacted one where too much is fresh or removed."""
        removed = state.built.block.n_songs - state.built.n_songs
        if state.fresh.block.n_vectors > FRESH_LIMIT or removed > _WASTE * state.built.block.n_songs:
            return self._compacted(state)
        return state


def _alive(part: Part) -> NDArray[np.bool_]:
    return np.ones(part.block.n_songs, dtype=np.bool_) if part.alive is None else part.alive


def _without(state: _State, recording_ids: IntArray) -> _State:
    for name in ("built", "fresh"):
        part: Part = getattr(state, name)
        rows = part.find(recording_ids)
        if len(rows):
            state = replace(state, **{name: part.without(rows)})
    return state


def _ids(permitted: NDArray[np.int64] | None) -> IntArray | None:
    return None if permitted is None else np.asarray(permitted, dtype=np.int64)


def _query(vector: FloatArray) -> FloatArray:
    query = np.ascontiguousarray(vector, dtype=np.float32)
    if query.shape != (DIM,) or not np.isfinite(query).all():
        raise ValueError(f"a query must be a finite vector of shape ({DIM},), not {query.shape}")
    return query


def _hits(block: Block, found: Found) -> list[Hit]:
    known = found.segment >= 0
    starts, ends = np.zeros((2, len(known)), dtype=np.float32)
    starts[known], ends[known] = block.starts[found.segment[known]], block.ends[found.segment[known]]
    counts = block.counts(found.songs)
    columns = (block.song_ids[found.songs], found.distance, found.song_distance, found.segment_distance, starts, ends, counts)
    return [Hit(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
