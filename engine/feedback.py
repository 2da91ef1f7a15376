"""Votes → the very next answer. A simple re-ranking of what the search found, for one member alone; pure functions on arrays.

A vote was cast on a song as an answer to a query. How much it says about the present query depends on how like the two are, measured by the
affect distance d that search uses, on a scale of MOOD:

    relevance = exp(-d(query, voted query) / MOOD)

1. A song voted down for a like mood (relevance >= BLOCKING, the member's latest such vote decides) is not shown.
2. Every other song's distance changes by reach * (SINK * near(disliked) - LIFT * near(liked)), where near(votes) is the greatest of
   relevance * exp(-d(song, voted song) / (NEAR * reach)) over the votes, in [0, 1], and reach is the distance between the best song found
   and the one at place DEPTH, kept within REACH: where songs lie close together a vote must be finer.

So what lies near liked songs rises, what lies near disliked songs sinks a little, votes for other moods hardly count, and a hundred votes
move a song no further than the nearest one does. The match shown to the member stays that of the unchanged distance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.affect import DIM, FloatArray
from engine.index import Hit

#: Distance at which a vote counts 1/e for another query: between that of "sad" to "rainy sunday, missing her" and to "melancholic".
MOOD = 0.15
#: A song voted down is blocked for queries this relevant: within 0.7 * MOOD.
BLOCKING = 0.5
#: The place whose distance from the best song is the reach, and the bounds of the reach.
DEPTH = 40
REACH = (0.002, 0.05)
#: All in reaches: the distance at which a vote counts 1/e for another song; how far a liked neighbour rises and a disliked one sinks at
#: most; and from which rise on a song counts as lifted by votes, so that its reasons say so.
NEAR, LIFT, SINK, TOLD = 0.5, 2.0, 0.5, 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Ballot:
    """The v votes of one member.

    Attributes:
        recordings: (v,) int64 what was voted on.
        songs: (v, 65) float32 search vectors of those recordings.
        queries: (v, 65) float32 search vectors of the queries they answered.
        values: (v,) 1 or -1.
    """

    recordings: NDArray[np.int64]
    songs: FloatArray
    queries: FloatArray
    values: NDArray[np.int64]

    def __post_init__(self) -> None:
        v = len(self.recordings)
        if self.songs.shape != (v, DIM) or self.queries.shape != (v, DIM) or self.values.shape != (v,):
            raise ValueError("a ballot needs one song, query and value for each recording")

    @classmethod
    def empty(cls) -> Ballot:
        """No votes."""
        none = np.empty(0, dtype=np.int64)
        return cls(none, np.empty((0, DIM), np.float32), np.empty((0, DIM), np.float32), none)

    def __len__(self) -> int:
        return len(self.recordings)


def relevance(query: FloatArray, ballot: Ballot) -> FloatArray:
    """(v,) how much each vote says about a (65,) query, in [0, 1]."""
    distance = np.square(ballot.queries - query).sum(axis=1)
    return np.asarray(np.exp(-distance / MOOD), dtype=np.float32)


def blocked(query: FloatArray, ballot: Ballot) -> NDArray[np.int64]:
    """Recordings that are not to be shown for a (65,) query, each once; the last vote on a recording for a like mood decides."""
    weights = relevance(query, ballot)
    like = weights >= BLOCKING
    latest = dict(zip(ballot.recordings[like].tolist(), ballot.values[like].tolist(), strict=True))
    return np.asarray(sorted(recording for recording, value in latest.items() if value < 0), dtype=np.int64)


def reach_of(distances: Sequence[float]) -> float:
    """How far votes may move songs, from the distances of the nearest songs, nearest first."""
    found = list(distances[:DEPTH])
    return min(max(found[-1] - found[0], REACH[0]), REACH[1]) if found else REACH[0]


def changes(query: FloatArray, songs: FloatArray, ballot: Ballot, reach: float) -> FloatArray:
    """What votes add to the distances of songs.

    Args:
        query: (65,) search vector.
        songs: (n, 65) search vectors of the songs found.
        ballot: the member's votes, oldest first.
        reach: of :func:`reach_of`.

    Returns:
        (n,) float32 in [-LIFT * reach, SINK * reach].
    """
    if not len(ballot) or not len(songs):
        return np.zeros(len(songs), dtype=np.float32)
    gaps = np.square(songs[:, None, :] - ballot.songs[None, :, :]).sum(axis=2)
    near = relevance(query, ballot)[None, :] * np.exp(-gaps / (NEAR * reach))
    liked = np.where(ballot.values > 0, near, 0.0).max(axis=1)
    disliked = np.where(ballot.values < 0, near, 0.0).max(axis=1)
    return np.asarray(reach * (SINK * disliked - LIFT * liked), dtype=np.float32)


class VoteFeedback:
    """The votes of a member as :class:`engine.ranking.Feedback` for one query.

    Args:
        query: (65,) search vector.
        ballot: the member's votes, oldest first.
        vectors: recording ids → (65,) search vectors of those that are known.
        reach: of :func:`reach_of`.
    """

    def __init__(
        self, query: FloatArray, ballot: Ballot, vectors: Callable[[Sequence[int]], Mapping[int, FloatArray]], reach: float
    ) -> None:
        self._query, self._ballot, self._vectors = query, ballot, vectors
        self._blocked = frozenset(blocked(query, ballot).tolist())
        self._reach = reach
        self.nearest = LIFT * reach
        self._changes: dict[int, float] = {}

    def adjust(self, hits: Sequence[Hit]) -> FloatArray:
        """(n,) float32 what to add to the distance of each hit; infinite for a song that is not to be shown."""
        ids = [hit.recording_id for hit in hits]
        known = self._vectors(ids)
        here = [recording for recording in ids if recording in known]
        songs = np.stack([known[i] for i in here]) if here else np.empty((0, DIM), np.float32)
        moved = dict(zip(here, changes(self._query, songs, self._ballot, self._reach).tolist(), strict=True))
        self._changes.update(moved)
        return np.asarray([np.inf if i in self._blocked else moved.get(i, 0.0) for i in ids], dtype=np.float32)

    def lifted(self) -> frozenset[int]:
        """Recordings that votes brought visibly nearer, of all that were adjusted."""
        return frozenset(recording for recording, change in self._changes.items() if change <= -TOLD * self._reach)
