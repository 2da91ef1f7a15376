"""Small libraries of songs for the index tests, and the plain arithmetic their searches are checked against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.affect import N_EMOJI, FloatArray, to_vectors
from engine.index import AffectIndex

VERSION = "audio-test"


@dataclass
class Songs:
    """Songs with their segments, in no particular order."""

    ids: NDArray[np.int64]
    vectors: FloatArray
    owners: NDArray[np.int64]
    starts: FloatArray
    segments: FloatArray

    @property
    def columns(self) -> tuple[Any, ...]:
        """The arguments of build and add, up to the model version."""
        return self.ids, self.vectors, self.owners, self.starts, self.starts + np.float32(15.0), self.segments

    def index(self, **options: Any) -> AffectIndex:
        """All of them in an index."""
        return AffectIndex.build(*self.columns, VERSION, **options)

    def only(self, ids: Any) -> Songs:
        """Some of them."""
        songs, segments = np.isin(self.ids, ids), np.isin(self.owners, ids)
        return Songs(self.ids[songs], self.vectors[songs], self.owners[segments], self.starts[segments], self.segments[segments])

    def distances(self, query: FloatArray, alpha: float) -> dict[int, float]:
        """Recording id → ranking distance, one song after the other in float64."""
        found = {}
        for i, vector in zip(self.ids.tolist(), self.vectors, strict=True):
            song = float(np.square(vector.astype(np.float64) - query).sum())
            own = self.segments[self.owners == i].astype(np.float64)
            nearest = float(np.square(own - query).sum(axis=1).min()) if len(own) else song
            found[i] = alpha * song + (1.0 - alpha) * nearest
        return found


def points(rng: np.random.Generator, n: int) -> FloatArray:
    """(n, 65) search vectors of affects spread over the space."""
    vad = rng.beta(2.0, 2.0, (n, 3)).astype(np.float32)
    return to_vectors(vad, rng.dirichlet(np.full(N_EMOJI, 0.3), n).astype(np.float32))


def songs(rng: np.random.Generator, n: int, most_segments: int = 6, first_id: int = 1) -> Songs:
    """``n`` songs with 0 to ``most_segments`` segments each, shuffled, their ids with gaps."""
    ids = rng.permutation(first_id + np.cumsum(rng.integers(1, 4, n))).astype(np.int64)
    counts = rng.integers(0, most_segments + 1, n)
    owners = np.repeat(ids, counts)
    starts = np.concatenate([np.arange(c) * 15.0 for c in counts] or [np.empty(0)]).astype(np.float32)
    vectors = points(rng, n)
    near = np.repeat(vectors, counts, axis=0)
    segments = near + np.float32(0.3) * (points(rng, len(owners)) - near)
    order = rng.permutation(len(owners))
    return Songs(ids, vectors, owners[order], starts[order], segments[order].astype(np.float32))
