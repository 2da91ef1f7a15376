"""A message and what was said before → what to do. No search, no storage; what a message means beyond its words comes from steering."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.directions import Clause
from engine.sessions import Session
from engine.steering import Steering


@dataclass(frozen=True, slots=True)
class Ask:
    """A mood of its own: search for it."""

    message: str


@dataclass(frozen=True, slots=True)
class Refine:
    """Move the last affect and search again."""

    message: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class MoreLike:
    """Search for what is like these songs of the last answer, places from 1."""

    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Another:
    """The next songs for the same affect."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Leave these songs out and fill up."""

    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """Explain these songs, or all of the last answer when there are no places."""

    places: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """A vote on some songs: 1, -1, or 0 to take it back."""

    places: tuple[int, ...]
    value: int


Intent = Ask | Refine | MoreLike | Another | Drop | Why | Rate


def _any(*phrases: str) -> str:
    """A pattern for one of some phrases given in lists parted by " | "."""
    return "(?:" + "|".join(phrase.strip() for part in phrases for phrase in part.split(" | ")) + ")"


_ORDINALS = {
    word: place
    for place, words in {
        1: "first 1st", 2: "second 2nd", 3: "third 3rd", 4: "fourth 4th", 5: "fifth 5th", 6: "sixth 6th", 7: "seventh 7th", 8: "eighth 8th",
        9: "ninth 9th", 10: "tenth 10th", -1: "last",
    }.items()
    for word in words.split()
}  # fmt: skip
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_THIS = re.compile(r"(?:this|that)(?: one| song| track)?")
_PLACE = re.compile(rf"#?\b(\d{{1,3}})\b|\b({'|'.join(_ORDINALS)})\b|(?<=number )({'|'.join(_NUMBERS)})\b")
#: Characters of a message that may be nothing but a reference, such as "2" or "the second one".
_LONGEST_REFERENCE = 16
#: What may stand beside a place without meaning more.
_BESIDE = re.compile(r"\b(?:the|one|ones|song|songs|track|tracks|number|no|nr|and|or)\b|[#&+/?]")
_POLITE = re.compile(r"\b(?:please|pls|thanks|thank you|ok|okay|and|but|now|so|then|hm+|well|hey)\b|[.!,]")
_TONES = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f]")

_ASKED_ABOUT = _any(
    "did | do | does | you | pick | picked | choose | chose | show | is | are | were | was | it | them | these | those | this | that | the",
    "song | songs | track | tracks | number | one | ones | here | your | choice | choices | #?\\d{1,3}",
    " | ".join(_ORDINALS),
)
_WHY = re.compile(rf"(?:why|how come|explain|reasons?)(?: {_ASKED_ABOUT})*\??")
_OTHERS = _any(
    "else | next | again | another | another one | other | others | other ones | new ones | different | different ones | more",
    "none of these | skip | skip all | skip these | skip them | next page | next ones | not these | not those | try again",
)
_ANOTHER = re.compile(
    rf"(?:(?:show|give|get|find) (?:me )?)?(?:something |some |anything |any |a |an |the )?{_OTHERS}(?: songs| song| music)?\??"
)
_LIKE = re.compile(
    r"\b(?:more|others?|another|songs?|something|anything|stuff|similar|close|closer|find|show|give)\b.*?\b(?:like|to|as)\b(.*)"
)
_RATINGS: tuple[tuple[re.Pattern[str], int], ...] = tuple(
    (re.compile(rf"{phrases}(?![a-z])(.*)", re.DOTALL), value)
    for phrases, value in (
        (
            _any("👎 | -1 | i (?:really )?(?:dislike|hate|don't like|do not like) | dislike | hate | don't like | downvote | thumbs down"),
            -1,
        ),
        (_any(r"👍 | ❤ | \+1 | i (?:really )?(?:like|love|liked|loved) | like | love | liked | loved | upvote | thumbs up"), 1),
        (_any("unvote | unlike | take back | undo | undo (?:the|my) vote | undo (?:the|my) vote (?:on|for) | retract"), 0),
    )
)
_OUT = re.compile(r"(?:no )?(?:not|skip|drop|remove|without|except|leave out|anything but|hide)\b(.*)")


def understand(message: str, session: Session, steering: Steering) -> Intent:
    """What a member wants with a message, given the conversation so far.

    A message that names a mood of its own is always searched for, whatever was said before.

    Raises:
        QueryError: when the message plainly refers to an answer that is not there.
    """
    intent = _command(message, session)
    if intent is not None:
        session.require()
        return intent
    if not session.active:
        return Ask(message)
    clauses = steering.directions(message)
    if clauses:
        return Refine(message, clauses)
    guess = steering.guess(message)
    if guess == "another":
        return Another()
    if guess == "why":
        return Why(_places(_plain(message)))
    return Ask(message)


def _plain(message: str) -> str:
    return " ".join(_POLITE.sub(" ", _TONES.sub("", message[:200].lower().replace("’", "'"))).split())


def _command(message: str, session: Session) -> Intent | None:
    """What can be told by the words alone."""
    text = _plain(message)
    if not text:
        return None
    if _WHY.fullmatch(text):
        return Why(_places(text))
    if _ANOTHER.fullmatch(text):
        return Another()
    vote = _rating(text, session)
    if vote is not None:
        return vote
    like = _LIKE.search(text)
    if like:
        places = _reference(like.group(1), session)
        if places:
            return MoreLike(places)
    out = _OUT.match(text)
    if out:
        places = _reference(out.group(1), session)
        if places:
            return Drop(places)
    if session.active and len(text) < _LONGEST_REFERENCE:
        places = _reference(text, session)
        if places:
            return MoreLike(places)
    return None


def _rating(text: str, session: Session) -> Rate | None:
    for pattern, value in _RATINGS:
        found = pattern.match(text)
        if found:
            rest = found.group(1).strip()
            alone = rest in ("", "it") and len(session.page) == 1 and session.active
            places = (1,) if alone else _reference(rest, session)
            return Rate(places, value) if places else None
    return None


def _reference(text: str, session: Session) -> tuple[int, ...]:
    """Places a phrase refers to when it consists of nothing but a reference: "2", "the second one", "this", "1 and 3", a shown title."""
    text = text.strip(" ?\"'“”")
    places = _places(text)
    if places and not _BESIDE.sub(" ", _PLACE.sub(" ", text)).strip():
        return places
    if _THIS.fullmatch(text):
        return (1,)
    if len(text) > 2 and session.active:
        return tuple(place for place, song in enumerate(session.page, 1) if text == _plain(song.title))[:1]
    return ()


def _places(text: str) -> tuple[int, ...]:
    found = []
    for number, ordinal, word in _PLACE.findall(text):
        found.append(int(number) if number else _ORDINALS[ordinal] if ordinal else _NUMBERS[word])
    return tuple(dict.fromkeys(found))
