"""Votes: one each, changeable, retractable, there when acknowledged."""

from __future__ import annotations

import numpy as np
import pytest

from engine.affect import Affect, neutral
from engine.catalogue import Catalogue, query_key
from engine.errors import NotFoundError
from tests.engine.catalogue.making import scored

SAD = Affect(np.array([0.1, 0.3, 0.3], dtype=np.float32), neutral().emoji)


def cast(
    catalogue: Catalogue, recording_id: int, value: int = 1, *, guild: int = 5, member: int = 9, query: Affect = SAD, rank: int = 1
) -> int:
    return catalogue.put_vote(guild, member, recording_id, query, value, rank=rank, model_version="m1")


def test_what_is_voted_comes_back(catalogue: Catalogue) -> None:
    recording_id = catalogue.add_recording(scored(1))
    vote_id = cast(catalogue, recording_id, -1, rank=3)
    (vote,) = catalogue.votes(5)
    assert (vote.vote_id, vote.guild_id, vote.member_id, vote.recording_id, vote.value, vote.rank) == (vote_id, 5, 9, recording_id, -1, 3)
    assert vote.query == SAD
    assert vote.model_version == "m1"
    assert vote.query_key == query_key(SAD)


def test_one_vote_each_and_it_can_be_changed(catalogue: Catalogue) -> None:
    recording_id = catalogue.add_recording(scored(1))
    first = cast(catalogue, recording_id, 1)
    assert cast(catalogue, recording_id, 1) == first
    assert cast(catalogue, recording_id, -1) == first
    (vote,) = catalogue.votes(5)
    assert vote.value == -1
    assert vote.changed_at >= vote.created_at
    cast(catalogue, recording_id, query=neutral())
    cast(catalogue, recording_id, member=10)
    cast(catalogue, recording_id, guild=6)
    cast(catalogue, catalogue.add_recording(scored(2)))
    assert len(catalogue.votes(5)) == 4
    assert len(catalogue.votes(5, 9)) == 3
    assert len(catalogue.votes(6)) == 1, "a vote stays in the guild it was cast in"


def test_a_key_of_ones_own_tells_queries_apart(catalogue: Catalogue) -> None:
    recording_id = catalogue.add_recording(scored(1))
    catalogue.put_vote(5, 9, recording_id, SAD, 1, rank=1, model_version="m1", key="card 1")
    catalogue.put_vote(5, 9, recording_id, SAD, -1, rank=1, model_version="m1", key="card 2")
    assert [(vote.query_key, vote.value) for vote in catalogue.votes(5)] == [("card 1", 1), ("card 2", -1)]


def test_a_vote_can_be_taken_back(catalogue: Catalogue) -> None:
    recording_id = catalogue.add_recording(scored(1))
    cast(catalogue, recording_id)
    cast(catalogue, recording_id, member=10)
    assert catalogue.retract_vote(5, 9, recording_id, query_key(SAD))
    assert not catalogue.retract_vote(5, 9, recording_id, query_key(SAD))
    assert [vote.member_id for vote in catalogue.votes(5)] == [10]


def test_votes_outlive_the_track_but_not_the_recording(catalogue: Catalogue) -> None:
    recording_id = catalogue.add_recording(scored(1))
    own, other = catalogue.add_track(5, recording_id, "x"), catalogue.add_track(6, recording_id, "y")
    cast(catalogue, recording_id)
    catalogue.remove_track(own)
    assert len(catalogue.votes(5)) == 1
    catalogue.remove_track(other)
    assert catalogue.votes(5) == []
    with pytest.raises(NotFoundError, match="no longer in the catalogue; search again"):
        cast(catalogue, recording_id)


@pytest.mark.parametrize(("value", "rank"), [(0, 1), (2, 1), (1, 0)])
def test_what_is_no_vote_is_refused(catalogue: Catalogue, value: int, rank: int) -> None:
    recording_id = catalogue.add_recording(scored(1))
    with pytest.raises(ValueError, match="a vote is 1 or -1"):
        cast(catalogue, recording_id, value, rank=rank)
    assert catalogue.votes(5) == []
