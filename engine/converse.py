"""Carries out what :mod:`engine.dialogue` understood: one message in, one reply out, the session brought up to date."""

from __future__ import annotations

from engine.affect import Affect
from engine.answering import Answering
from engine.answers import Answer, Match, Reply
from engine.dialogue import Another, Ask, Drop, Intent, MoreLike, Rate, Refine, Why, understand
from engine.encoders.message import emoji_weight
from engine.errors import QueryError
from engine.reasons import query_reason
from engine.sessions import Session, Shown
from engine.steering import describe

_VOTED = {1: "Noted that you like", -1: "Noted that you don't like", 0: "Took back your vote on"}


class Conversation:
    """Replies to members.

    Args:
        assistant: searches, reads and stores.
    """

    def __init__(self, assistant: Answering) -> None:
        self._assistant = assistant

    def reply(self, session: Session, message: str, top: int | None = None) -> Reply:
        """See :meth:`engine.assistant.Assistant.converse`."""
        with session.lock:
            intent = understand(message, session, self._assistant.models.steering)
            return self._carry_out(session, intent, top)

    def _carry_out(self, session: Session, intent: Intent, top: int | None) -> Reply:
        match intent:
            case Ask(message):
                return self._ask(session, message, top)
            case Refine(message, clauses):
                before = self._affect(session)
                after = self._assistant.models.steering.move(before, clauses)
                changed = describe(before, after)
                sentence = f"The same, but {changed}." if changed else "That is as far as it goes in that direction."
                return self._again(session, after, f"{session.words}, {message.strip()}", sentence, top, refining=True)
            case Another():
                return self._again(session, self._affect(session), session.words, "More for the same mood.", top)
            case MoreLike(places):
                songs = session.at(places)
                affect = self._assistant.song_affect([song.recording_id for song in songs])
                titles = " and ".join(f"“{song.title}”" for song in songs)
                return self._again(session, affect, f"like {titles}", f"More like {titles}.", top)
            case Drop(places):
                songs = session.at(places)
                titles = " and ".join(f"“{song.title}”" for song in songs)
                return self._drop(session, songs, f"Without {titles}.", top)
            case Why(places):
                return self._why(session, places)
            case Rate(places, value):
                return self._rate(session, places, value)

    def _ask(self, session: Session, message: str, top: int | None) -> Reply:
        answer = self._assistant.ask(message, guild_ids=session.guild_ids, member_id=session.member_id, top=top)
        session.remember(answer.affect, message.strip(), _shown(answer.matches), fresh=True)
        return Reply("songs", "", answer)

    def _again(self, session: Session, affect: Affect, words: str, sentence: str, top: int | None, *, refining: bool = False) -> Reply:
        """Search once more without repeating songs: none that were shown, or when refining, none of the last page."""
        out = {song.recording_id for song in session.page} | (set() if refining else set(session.shown))
        answer = self._search(session, affect, words, out | session.dropped, top)
        if refining and len(answer.matches) < (top or self._assistant.settings.answers):
            answer = self._search(session, affect, words, session.dropped, top)  # a small catalogue: rather the same songs than few
        session.remember(affect, words, _shown(answer.matches) or session.page, fresh=False)
        return Reply("songs", sentence, answer)

    def _drop(self, session: Session, songs: list[Shown], sentence: str, top: int | None) -> Reply:
        """The same page without some songs, filled up with ones not shown yet."""
        session.dropped.update(song.recording_id for song in songs)
        seen = set(session.shown) - {song.recording_id for song in session.page}
        answer = self._search(session, self._affect(session), session.words, seen | session.dropped, top)
        session.remember(answer.affect, session.words, _shown(answer.matches), fresh=False)
        return Reply("songs", sentence, answer)

    def _why(self, session: Session, places: tuple[int, ...]) -> Reply:
        session.require()
        songs = session.at(places) if places else list(session.page)
        affect = self._affect(session)
        answer = self._assistant.explain(affect, [song.recording_id for song in songs], words=session.words, guild_ids=session.guild_ids)
        place_of = {song.recording_id: place for place, song in enumerate(session.page, 1)}
        numbers = tuple(place_of[match.recording_id] for match in answer.matches)
        return Reply("why", " ".join(self._about(affect, session.words)), answer, numbers)

    def _about(self, affect: Affect, words: str) -> list[str]:
        """What was searched for, in sentences."""
        top = "".join(symbol for symbol, _ in affect.top_emoji(5))
        v, a, d = affect.vad
        sentences = [
            f"I searched for valence {v:.2f}, arousal {a:.2f}, dominance {d:.2f} and {top}.",
            "The dominance of songs is inferred from mood words; nobody rated it.",
        ]
        try:
            read = self._assistant.read(words)
        except QueryError:
            return sentences  # words that came from titles, say
        if read.affect == affect and read.text and read.emoji:
            weight = emoji_weight(len(read.text.split()), len(read.emoji))
            share = query_reason(1.0 - weight, read.text, read.emoji)
            sentences.append(share[0].upper() + share[1:] + ".")
        return sentences

    def _rate(self, session: Session, places: tuple[int, ...], value: int) -> Reply:
        songs = session.at(places)
        affect = self._affect(session)
        for song in songs:
            rank = session.page.index(song) + 1
            self._assistant.vote(session.guild_ids[0], session.member_id, song.recording_id, affect, value, rank=rank)
        titles = " and ".join(f"“{song.title}”" for song in songs)
        return Reply("vote", f"{_VOTED[value]} {titles}.")

    def _search(self, session: Session, affect: Affect, words: str, exclude: set[int], top: int | None) -> Answer:
        return self._assistant.search(
            affect, words=words, guild_ids=session.guild_ids, member_id=session.member_id, top=top, exclude=exclude
        )

    @staticmethod
    def _affect(session: Session) -> Affect:
        session.require()
        if session.affect is None:  # require() has seen to it; this tells the type checker
            raise QueryError("there is no answer to go on from yet", "tell me how you feel first")
        return session.affect


def _shown(matches: tuple[Match, ...]) -> tuple[Shown, ...]:
    return tuple(Shown(match.recording_id, match.track_id, match.title) for match in matches)
