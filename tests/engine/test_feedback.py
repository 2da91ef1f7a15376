"""Votes and the very next answer, on plain arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.affect import DIM, N_EMOJI, Affect, FloatArray
from engine.feedback import BLOCKING, LIFT, REACH, SINK, Ballot, VoteFeedback, blocked, changes, reach_of, relevance
from engine.index import Hit


def point(v: float, a: float, d: float = 0.5) -> FloatArray:
    """The search vector of a VAD with every emoji alike."""
    return Affect(np.asarray([v, a, d], dtype=np.float32), np.full(N_EMOJI, 1 / N_EMOJI, dtype=np.float32)).vector()


def ballot(*votes: tuple[int, FloatArray, FloatArray, int]) -> Ballot:
    """Votes as (recording, song, query, value)."""
    recordings, songs, queries, values = zip(*votes, strict=True)
    return Ballot(np.asarray(recordings), np.stack(songs), np.stack(queries), np.asarray(values))


FAR = 0.04
"""A reach."""
SAD, HAPPY = point(0.2, 0.3), point(0.9, 0.8)


def test_no_votes_change_nothing() -> None:
    assert changes(SAD, np.stack([SAD, HAPPY]), Ballot.empty(), FAR).tolist() == [0.0, 0.0]
    assert not len(blocked(SAD, Ballot.empty()))


def test_a_song_voted_down_is_blocked_for_a_like_mood_only() -> None:
    votes = ballot((7, SAD, SAD, -1))
    assert blocked(SAD, votes).tolist() == [7]
    assert blocked(point(0.25, 0.3), votes).tolist() == [7]
    assert blocked(HAPPY, votes).tolist() == []


def test_the_latest_vote_decides() -> None:
    assert blocked(SAD, ballot((7, SAD, SAD, -1), (7, SAD, SAD, 1))).tolist() == []
    assert blocked(SAD, ballot((7, SAD, SAD, 1), (7, SAD, SAD, -1))).tolist() == [7]


def test_what_lies_near_a_liked_song_comes_nearer() -> None:
    near, far = point(0.25, 0.35), point(0.5, 0.9)
    change = changes(SAD, np.stack([near, far]), ballot((7, point(0.25, 0.36), SAD, 1)), FAR)
    assert change[0] < -FAR / 2
    assert change[0] < change[1] <= 0


def test_what_lies_near_a_disliked_song_sinks_less_than_a_liked_one_rises() -> None:
    near = np.stack([point(0.25, 0.35)])
    down = changes(SAD, near, ballot((7, near[0], SAD, -1)), FAR)[0]
    up = changes(SAD, near, ballot((7, near[0], SAD, 1)), FAR)[0]
    assert 0 < down < -up


def test_votes_for_another_mood_hardly_count() -> None:
    assert abs(changes(HAPPY, np.stack([SAD]), ballot((7, SAD, SAD, 1)), FAR)[0]) < FAR / 5


@given(st.integers(0, 2**32 - 1), st.integers(1, 20))
def test_changes_stay_within_their_bounds(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    points = np.stack([point(*rng.random(3)) for _ in range(2 * count)])
    votes = Ballot(np.arange(count), points[:count], points[count:], rng.choice([-1, 1], count))
    query = point(*rng.random(3))
    change = changes(query, points, votes, FAR)
    assert change.min() >= -LIFT * FAR - 1e-6
    assert change.max() <= SINK * FAR + 1e-6
    weight = relevance(query, votes)
    assert weight.min() >= 0
    assert weight.max() <= 1
    assert set(blocked(query, votes).tolist()) <= set(votes.recordings[weight >= BLOCKING].tolist())


def test_the_feedback_of_a_search_takes_blocked_songs_away() -> None:
    vectors = {1: SAD, 2: point(0.22, 0.3), 3: HAPPY}
    feedback = VoteFeedback(SAD, ballot((1, SAD, SAD, -1)), lambda ids: {i: vectors[i] for i in ids if i in vectors}, FAR)
    hits = [Hit(i, 0.1, 0.1, 0.1, 0.0, 0.0, 1) for i in (1, 2, 3, 4)]
    change = feedback.adjust(hits)
    assert np.isinf(change[0])
    assert 0 < change[1] <= SINK * FAR
    assert change[3] == 0  # not in the index any more
    assert feedback.nearest == LIFT * FAR


@pytest.mark.parametrize("shape", [(2, DIM), (1, DIM - 1)])
def test_a_ballot_must_fit_itself(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="ballot"):
        Ballot(np.asarray([1]), np.zeros(shape, np.float32), np.zeros((1, DIM), np.float32), np.asarray([1]))


def test_the_reach_is_that_of_the_songs_found() -> None:
    assert reach_of([0.1, 0.11, 0.13]) == pytest.approx(0.03)
    assert reach_of([0.1 + 0.001 * i for i in range(100)]) == pytest.approx(0.039)
    assert reach_of([0.1, 0.9]) == REACH[1]
    assert reach_of([0.1]) == reach_of([]) == REACH[0]
