"""What the assistant hands out: answers, matches, replies. Plain data, the same for the bot and for the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from engine.affect import AXES, Affect, FloatArray


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of a song, in seconds."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """One song of an answer.

    Attributes:
        track_id: of the guild's track.
        recording_id: of the recording.
        title: one clean line, still unescaped for whatever shows it.
        artist: empty when unknown.
        genre: empty when unknown.
        match: calibrated probability that a listener would put song and query in the same quadrant.
        words: the same in words.
        emoji: the song's five most probable emoji.
        affect: of the whole song, calibrated.
        moment: the best segment, where more than one is known.
        moment_vad: (3,) calibrated VAD of that segment, or of the song.
        url: where it can be heard, or None.
        is_lookup: the url only looks the song up by its name, as the starter's do.
        path: the file on this machine, or None.
        reasons: sentences that say why it was chosen.
    """

    track_id: int
    recording_id: int
    title: str
    artist: str
    genre: str
    match: float
    words: str
    emoji: tuple[str, ...]
    affect: Affect
    moment: Moment | None
    moment_vad: FloatArray
    url: str | None
    is_lookup: bool
    path: str | None
    reasons: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The fields `emojuke search --json` prints."""
        return {
            "track_id": self.track_id,
            "title": self.title,
            "artist": self.artist,
            "match": round(self.match, 4),
            "emoji": list(self.emoji),
            "segment": None if self.moment is None else {"start_s": self.moment.start_s, "end_s": self.moment.end_s},
            "url": self.url,
            "path": self.path,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A page of songs.

    Attributes:
        words: what was asked, as the member wrote it.
        affect: calibrated, what was searched for.
        matches: best first.
        notices: sentences for the member.
        took_ms: wall time from the message to the page.
        versions: of the models that answered; votes carry it.
    """

    words: str
    affect: Affect
    matches: tuple[Match, ...]
    notices: tuple[str, ...]
    took_ms: float
    versions: str

    def as_json(self) -> dict[str, Any]:
        """The object `emojuke search --json` prints."""
        return {"query": self.words, "affect": affect_json(self.affect), "matches": [match.as_json() for match in self.matches]}


ReplyKind = Literal["songs", "why", "vote"]


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """What a conversation answers with.

    Attributes:
        kind: "songs": a new page. "why": the songs in question with their reasons. "vote": a sentence only.
        sentence: what was understood, in one sentence; may be empty.
        answer: the page, None for a vote.
        places: by which number each of its songs is known, where that is not simply 1, 2, 3, ….
    """

    kind: ReplyKind
    sentence: str
    answer: Answer | None = None
    places: tuple[int, ...] = ()

    def numbered(self) -> list[tuple[int, Match]]:
        """The songs of the page with the numbers a member may call them by."""
        matches = self.answer.matches if self.answer else ()
        return list(zip(self.places or range(1, len(matches) + 1), matches, strict=True))


def affect_json(affect: Affect) -> dict[str, Any]:
    """The three axes and all 62 emoji with their probabilities, most probable first."""
    axes = {axis: round(float(value), 4) for axis, value in zip(AXES, affect.vad, strict=True)}
    return {**axes, "emoji": {symbol: round(p, 6) for symbol, p in affect.top_emoji(len(affect.emoji))}}


def clock(seconds: float) -> str:
    """Seconds as m:ss, or h:mm:ss from an hour on."""
    whole = max(0, int(seconds))
    if whole >= 3600:
        return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{whole // 60}:{whole % 60:02}"
