"""The one door, from a message to songs, over a real catalogue, index and encoders."""

from __future__ import annotations

import threading
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.affect import N_EMOJI, Affect
from engine.assistant import Assistant
from engine.catalogue import LOCAL_GUILD
from engine.errors import NotFoundError, QueryError
from engine.settings import Settings
from tests.engine.conftest import MOODS, add_song


def at(v: float, a: float, d: float = 0.5) -> Affect:
    return Affect(np.asarray([v, a, d], dtype=np.float32), np.full(N_EMOJI, 1 / N_EMOJI, dtype=np.float32))


def recordings(answer: object) -> list[int]:
    return [match.recording_id for match in answer.matches]  # type: ignore[attr-defined] - an Answer, named by its fields


def test_an_answer_is_full_sorted_and_without_repeats(small: Assistant) -> None:
    answer = small.ask("rainy sunday, missing her 🌧️", top=6)
    assert len(answer.matches) == 6
    assert len(set(recordings(answer))) == 6
    assert [match.match for match in answer.matches] == sorted((match.match for match in answer.matches), reverse=True)
    assert max(Counter(match.artist for match in answer.matches).values()) <= 2
    for match in answer.matches:
        assert len(match.emoji) == 5
        assert match.words
        assert match.reasons
        assert match.moment is not None


def test_moods_find_their_songs(small: Assistant) -> None:
    sad = small.ask("heartbroken, crying alone 💔", top=3).matches
    glad = small.ask("so happy, let's dance!! 😄", top=3).matches
    assert np.mean([match.affect.valence for match in sad]) < np.mean([match.affect.valence for match in glad]) - 0.3


def test_a_moment_is_named_only_where_more_than_one_is_known(assistant: Assistant) -> None:
    add_song(assistant, "Short", (0.2, 0.2, 0.2), segments=1)
    add_song(assistant, "Long", (0.2, 0.2, 0.2), segments=4)
    moments = {match.title: match.moment for match in assistant.ask("sad").matches}
    assert moments["Short"] is None
    assert moments["Long"] is not None
    assert moments["Long"].end_s == moments["Long"].start_s + 15


def test_an_empty_catalogue_says_how_to_fill_it(assistant: Assistant) -> None:
    answer = assistant.ask("sad")
    assert answer.matches == ()
    assert any("catalogue add" in notice for notice in answer.notices)


@pytest.mark.parametrize("message", ["", "   \n", "?!…", "---"])
def test_nothing_to_go_by_is_refused(message: str, small: Assistant) -> None:
    with pytest.raises(QueryError):
        small.ask(message)


def test_a_vote_moves_the_very_next_answer(small: Assistant) -> None:
    before = small.ask("calm and sad", member_id=5)
    worst = before.matches[0].recording_id
    small.vote(LOCAL_GUILD, 5, worst, before.affect, -1, rank=1)
    assert worst not in recordings(small.ask("calm and sad", member_id=5))
    assert worst in recordings(small.ask("calm and sad", member_id=6))  # nobody else's answer changes
    assert worst in recordings(small.ask("calm and sad"))
    small.vote(LOCAL_GUILD, 5, worst, before.affect, 0)
    assert recordings(small.ask("calm and sad", member_id=5)) == recordings(before)


def test_what_lies_near_a_liked_song_rises_and_says_so(assistant: Assistant) -> None:
    songs = [add_song(assistant, f"Song {i}", (0.3 + 0.01 * i, 0.3, 0.3)) for i in range(8)]
    query = assistant.song_affect(songs[:1])
    before = assistant.search(query, member_id=5)
    last = before.matches[-1].recording_id
    assistant.vote(LOCAL_GUILD, 5, last, query, 1, rank=8)
    after = assistant.search(query, member_id=5)
    assert recordings(after).index(last) < recordings(before).index(last)
    assert "near songs you voted up" in next(match for match in after.matches if match.recording_id == last).reasons
    assert {match.recording_id: match.match for match in after.matches} == {match.recording_id: match.match for match in before.matches}


def test_more_like_leaves_the_song_itself_out(small: Assistant) -> None:
    track = small.catalogue.tracks([LOCAL_GUILD])[0]
    answer = small.more_like([track.track_id], top=5)
    assert track.recording_id not in recordings(answer)
    assert answer.words == track.title
    with pytest.raises(NotFoundError):
        small.more_like([10**6])


def test_the_starter_is_searched_beside_the_guilds_own(models: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("starter")
    with Assistant.open(Settings(home=home, starter=True)) as with_starter:
        assert with_starter.guilds([LOCAL_GUILD]) == (LOCAL_GUILD, 0)
        answer = with_starter.ask("epic victory 🏆", top=10)
        assert len(answer.matches) == 10
        assert all(match.is_lookup and match.url for match in answer.matches)
    with Assistant.open(Settings(home=home, starter=False)) as without:
        assert without.ask("epic victory 🏆").matches == ()
        assert len(without.ask("epic victory 🏆", guild_ids=[0]).matches) == 10


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_guild_sees_anothers_songs(small: Assistant, data: st.DataObject) -> None:
    guilds = data.draw(st.lists(st.integers(2, 5), min_size=1, max_size=3, unique=True))
    shared = [int(i) for i in small.catalogue.permitted([LOCAL_GUILD])]
    for guild in guilds:
        for recording in data.draw(st.lists(st.sampled_from(shared), max_size=6, unique=True)):
            small.catalogue.add_track(guild, recording, f"Name in {guild}", f"Artist in {guild}")
    asked = data.draw(st.sampled_from(guilds))
    mine = set(small.catalogue.permitted([asked]).tolist())
    query = at(data.draw(st.floats(0, 1)), data.draw(st.floats(0, 1)))
    answer = small.search(query, guild_ids=[asked], top=20)
    assert set(recordings(answer)) <= mine
    assert all(match.title == f"Name in {asked}" for match in answer.matches)
    assert set(recordings(small.explain(query, shared, guild_ids=[asked]))) <= mine


def test_a_conversation_from_mood_to_vote(small: Assistant) -> None:
    session = small.session(member_id=9)
    first = small.converse(session, "heartbroken and alone 💔", top=4)
    assert first.kind == "songs"
    assert first.answer is not None
    seen = recordings(first.answer)

    more = small.converse(session, "something else", top=4)
    assert more.answer is not None
    assert not set(recordings(more.answer)) & set(seen)
    seen += recordings(more.answer)

    calmer = small.converse(session, "livelier", top=4)
    assert calmer.answer is not None
    assert calmer.answer.affect.arousal > first.answer.affect.arousal
    assert calmer.sentence.startswith("The same, but livelier")

    page = session.page
    like = small.converse(session, "more like 2", top=4)
    assert like.answer is not None
    assert page[1].recording_id not in recordings(like.answer)

    why = small.converse(session, "why?")
    assert why.kind == "why"
    assert why.answer is not None
    assert recordings(why.answer) == recordings(like.answer)
    assert "nobody rated it" in why.sentence

    second = small.converse(session, "why 2")
    assert second.answer is not None
    assert [(place, match.recording_id) for place, match in second.numbered()] == [(2, session.page[1].recording_id)]

    third = session.page[2]
    vote = small.converse(session, "👎 3")
    assert vote.kind == "vote"
    assert third.title in vote.sentence
    (stored,) = small.catalogue.votes(LOCAL_GUILD, 9)
    assert (stored.recording_id, stored.value, stored.rank) == (third.recording_id, -1, 3)
    small.converse(session, "unvote 3")
    assert small.catalogue.votes(LOCAL_GUILD, 9) == []

    dropped = session.page[0]
    without = small.converse(session, "not that one", top=4)
    assert without.answer is not None
    assert dropped.recording_id not in recordings(without.answer)
    assert dropped.recording_id not in recordings(small.converse(session, "happier", top=18).answer)


def test_something_else_never_repeats_and_ends_with_a_sentence(small: Assistant) -> None:
    session = small.session()
    seen: list[int] = []
    reply = small.converse(session, "sad", top=5)
    while reply.answer is not None and reply.answer.matches:
        seen += recordings(reply.answer)
        reply = small.converse(session, "something else", top=5)
    assert len(seen) == len(set(seen)) == len(MOODS)
    assert reply.answer is not None
    assert any("all the songs" in notice for notice in reply.answer.notices)
    assert small.converse(session, "why?").kind == "why"  # the last page is still there to talk about


def test_a_refinement_of_a_small_catalogue_brings_songs_back(small: Assistant) -> None:
    session = small.session()
    small.converse(session, "sad", top=15)
    calmer = small.converse(session, "calmer", top=15)
    assert calmer.answer is not None
    assert len(calmer.answer.matches) >= 12


def test_emoji_alone_are_a_new_mood(small: Assistant) -> None:
    session = small.session()
    small.converse(session, "sad")
    reply = small.converse(session, "🔥💪")
    assert reply.answer is not None
    assert reply.answer.words == "🔥💪"
    assert reply.answer.affect.arousal > 0.5


def test_many_threads_may_ask_at_once(small: Assistant) -> None:
    expected = recordings(small.ask("sad"))
    failures: list[object] = []

    def work(i: int) -> None:
        try:
            for _ in range(5):
                found = recordings(small.ask("sad", member_id=i))
                if found != expected:
                    failures.append(found)
        except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to
            failures.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_the_json_is_what_the_issue_names(small: Assistant) -> None:
    document = small.ask("rainy 🌧️", top=2).as_json()
    assert list(document) == ["query", "affect", "matches"]
    assert list(document["affect"]) == ["valence", "arousal", "dominance", "emoji"]
    assert len(document["affect"]["emoji"]) == N_EMOJI
    assert sum(document["affect"]["emoji"].values()) == pytest.approx(1, abs=1e-3)
    for match in document["matches"]:
        assert list(match) == ["track_id", "title", "artist", "match", "emoji", "segment", "url", "path"]
        assert set(match["segment"]) == {"start_s", "end_s"}
        assert 0 < match["match"] < 1
