"""What a message means after an answer, and how long an answer is remembered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.affect import neutral
from engine.dialogue import Another, Ask, Drop, Intent, MoreLike, Rate, Refine, Why, understand
from engine.directions import Clause, read
from engine.errors import QueryError
from engine.sessions import REMEMBERED, Session, Sessions, Shown


class ByWords:
    """Steering without encoders: the words alone."""

    def directions(self, message: str) -> tuple[Clause, ...]:
        return read(message)

    def guess(self, message: str) -> str:
        return ""


class Clock:
    """A clock that stands still until it is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


PAGE = tuple(Shown(10 + i, 100 + i, title) for i, title in enumerate(["Hey Jude", "Blue", "Hurt"], 1))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session(clock: Clock) -> Session:
    """A session with an answer of three songs."""
    fresh = Session((1,), clock=clock)
    fresh.remember(neutral(), "sad", PAGE, fresh=True)
    return fresh


def said(message: str, session: Session) -> Intent:
    return understand(message, session, ByWords())  # type: ignore[arg-type] - only the two methods are used


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        ("something else", Another()), ("next", Another()), ("again", Another()), ("Next, please!", Another()), ("show me others",
        Another()),
        ("another one", Another()), ("more", Another()), ("skip these", Another()), ("try again", Another()),
        ("why?", Why()), ("Why", Why()), ("how come?", Why()), ("explain", Why()), ("why 2", Why((2,))), ("why the second one?", Why((2,))),
        ("why did you pick number 3?", Why((3,))),
        ("more like 2", MoreLike((2,))), ("more like the second", MoreLike((2,))), ("more like this", MoreLike((1,))),
        ("similar to #3", MoreLike((3,))), ("more like 1 and 3", MoreLike((1, 3))), ("songs like Hey Jude", MoreLike((1,))),
        ("more like the last one", MoreLike((-1,))), ("2", MoreLike((2,))), ("the second one", MoreLike((2,))),
        ("not that one", Drop((1,))), ("not 2", Drop((2,))), ("no, not the third", Drop((3,))), ("skip 2", Drop((2,))),
        ("👍 2", Rate((2,), 1)), ("👍🏽 2", Rate((2,), 1)), ("👎3", Rate((3,), -1)), ("like 1", Rate((1,), 1)), ("I like the first",
        Rate((1,), 1)),
        ("dislike the third", Rate((3,), -1)), ("i don’t like 2", Rate((2,), -1)), ("❤️ 1", Rate((1,), 1)), ("unvote 2", Rate((2,), 0)),
        ("thumbs down 1 and 2", Rate((1, 2), -1)),
    ],
)  # fmt: skip
def test_commands(message: str, intent: Intent, session: Session) -> None:
    assert said(message, session) == intent


@pytest.mark.parametrize(
    "message",
    [
        "why me", "why did she leave me", "i love her", "I love the first time we met", "like a storm", "songs like rain", "love", "👍",
        "🔥💪",
        "not the first time", "rainy sunday, missing her", "sad", "another day another deadline", "next to you",
        "explain the universe to me",
        "i like it", "hate", "2 am and wide awake",
    ],
)  # fmt: skip
def test_moods_of_their_own_start_afresh(message: str, session: Session) -> None:
    assert said(message, session) == Ask(message)


def test_directions_refine_only_what_is_there(session: Session, clock: Clock) -> None:
    assert isinstance(said("calmer", session), Refine)
    assert said("calmer", Session((1,), clock=clock)) == Ask("calmer")


def test_a_thumb_alone_counts_where_only_one_song_is_shown(clock: Clock) -> None:
    session = Session((1,), clock=clock)
    session.remember(neutral(), "sad", PAGE[:1], fresh=True)
    assert said("👍", session) == Rate((1,), 1)
    assert said("👎🏿", session) == Rate((1,), -1)


def test_an_answer_is_forgotten_after_a_quarter_of_an_hour(session: Session, clock: Clock) -> None:
    clock.now += 15 * 60
    assert isinstance(said("calmer", session), Refine)
    clock.now += 1
    assert said("calmer", session) == Ask("calmer")
    with pytest.raises(QueryError, match="15 minutes"):
        said("why?", session)


def test_every_answer_starts_the_quarter_anew(session: Session, clock: Clock) -> None:
    clock.now += 14 * 60
    session.remember(neutral(), "sad", PAGE, fresh=False)
    clock.now += 14 * 60
    assert session.active


@pytest.mark.parametrize("message", ["why?", "something else", "more like 2", "👍 1", "not 2"])
def test_a_command_before_any_answer_says_so(message: str, clock: Clock) -> None:
    with pytest.raises(QueryError, match="no answer to go on from"):
        said(message, Session((1,), clock=clock))


@pytest.mark.parametrize("places", [(4,), (0,), (-2,), (999,)])
def test_a_place_that_is_not_there_is_named(places: tuple[int, ...], session: Session) -> None:
    with pytest.raises(QueryError, match=f"no song {places[0]} in the last answer, which has 3 songs"):
        session.at(places)


def test_places_are_counted_from_one_and_the_last_is_minus_one(session: Session) -> None:
    assert session.at((1, -1, 1)) == [PAGE[0], PAGE[2]]


def test_a_fresh_mood_forgets_what_was_shown(session: Session) -> None:
    assert list(session.shown) == [11, 12, 13]
    session.dropped.add(11)
    session.remember(neutral(), "happy", PAGE[:1], fresh=True)
    assert list(session.shown) == [11]
    assert not session.dropped


def test_what_a_session_remembers_is_bounded(clock: Clock) -> None:
    session = Session((1,), clock=clock)
    for start in range(0, REMEMBERED + 500, 100):
        session.remember(neutral(), "", tuple(Shown(i, i, "") for i in range(start, start + 100)), fresh=False)
    assert len(session.shown) == REMEMBERED
    assert max(session.shown) in session.shown
    assert 0 not in session.shown


def test_sessions_are_bounded_and_belong_to_one_member(clock: Clock) -> None:
    sessions = Sessions(clock=clock, limit=3)
    first = sessions.get("a", (1,), 7)
    assert sessions.get("a", (1,), 7) is first
    assert sessions.get("a", (2,), 7) is not first
    for key in "bcd":
        sessions.get(key, (1,), 8)
    assert len(sessions) == 3
    assert sessions.forget(8) == 3
    assert len(sessions) == 0


@given(st.text(max_size=200))
def test_any_message_is_understood_or_refused_with_a_sentence(message: str) -> None:
    session = Session((1,), clock=Clock())
    session.remember(neutral(), "sad", PAGE, fresh=True)
    said(message, session)


@given(
    st.lists(
        st.sampled_from(["more", "like", "2", "the", "second", "not", "👍", "why", "?", "last", "#9", "song", "and", "one"]), max_size=8
    )
)
def test_any_mixture_of_command_words_is_understood(words: list[str]) -> None:
    session = Session((1,), clock=Clock())
    session.remember(neutral(), "sad", PAGE, fresh=True)
    said(" ".join(words), session)
