"""What a conversation remembers: the last affect, the last page, and what was shown. Bounded, and forgotten after a while."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from engine.affect import Affect
from engine.errors import QueryError

#: How long a conversation is remembered after its last answer unless told otherwise.
SESSION_MINUTES = 15.0
#: Songs a session remembers as shown; older ones may come again.
REMEMBERED = 2000
#: Sessions kept at the same time, the least recently used go first.
MAX_SESSIONS = 10_000


@dataclass(frozen=True, slots=True)
class Shown:
    """A song of the last answer."""

    recording_id: int
    track_id: int
    title: str


@dataclass(eq=False)
class Session:
    """One member's conversation in one place.

    Attributes:
        guild_ids: whose catalogues are searched.
        member_id: who is talking; votes and their effect belong to this member.
        clock: seconds, monotonic.
        minutes: how long it is remembered after the last answer.
        affect: what was last searched for, or None.
        words: the same in words.
        page: the last answer, best first.
        shown: recordings shown since the last mood of its own, oldest first.
        dropped: recordings the member did not want, since then.
        lock: held while a message is worked on, so that two messages of one member don't mix.
    """

    guild_ids: tuple[int, ...]
    member_id: int = 0
    clock: Callable[[], float] = time.monotonic
    minutes: float = SESSION_MINUTES
    affect: Affect | None = None
    words: str = ""
    page: tuple[Shown, ...] = ()
    shown: dict[int, None] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)
    touched: float = 0.0
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def active(self) -> bool:
        """Whether there is something to go on from."""
        return self.affect is not None and self.clock() - self.touched <= self.minutes * 60.0

    @property
    def expired(self) -> bool:
        """Whether there was an answer that is too old now."""
        return self.affect is not None and not self.active

    def remember(self, affect: Affect, words: str, page: tuple[Shown, ...], *, fresh: bool) -> None:
        """Note an answer; a fresh one forgets what was shown before."""
        if fresh:
            self.shown.clear()
            self.dropped.clear()
        self.affect, self.words, self.page, self.touched = affect, words, page, self.clock()
        for song in page:
            self.shown.pop(song.recording_id, None)
            self.shown[song.recording_id] = None
        while len(self.shown) > REMEMBERED:
            del self.shown[next(iter(self.shown))]

    def at(self, places: tuple[int, ...]) -> list[Shown]:
        """Songs of the last answer by place; -1 is the last.

        Raises:
            QueryError: when there is no answer to go on from, or no song at such a place.
        """
        self.require()
        songs = []
        for place in places:
            if place == 0 or place > len(self.page) or place < -1 or not self.page:
                count = "1 song" if len(self.page) == 1 else f"{len(self.page)} songs"
                raise QueryError(f"there is no song {place} in the last answer, which has {count}", "say the number of one of them")
            songs.append(self.page[place - 1 if place > 0 else -1])
        return list(dict.fromkeys(songs))

    def require(self) -> None:
        """Make sure there is an answer to go on from.

        Raises:
            QueryError: when there is none.
        """
        if self.expired:
            raise QueryError(f"the last answer is more than {self.minutes:g} minutes old", "tell me how you feel once more")
        if not self.active:
            raise QueryError("there is no answer to go on from yet", "tell me how you feel first, in words or emoji")


class Sessions:
    """The conversations of a process by whatever names them, such as (channel, member); bounded and safe to use from several threads."""

    def __init__(self, minutes: float = SESSION_MINUTES, clock: Callable[[], float] = time.monotonic, limit: int = MAX_SESSIONS) -> None:
        self._minutes, self._clock, self._limit = minutes, clock, limit
        self._sessions: OrderedDict[Hashable, Session] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, guild_ids: tuple[int, ...], member_id: int = 0) -> Session:
        """The session of a name, a new one when there is none or its guilds or member changed."""
        with self._lock:
            session = self._sessions.get(key)
            if session is None or session.guild_ids != guild_ids or session.member_id != member_id:
                session = Session(guild_ids, member_id, self._clock, self._minutes)
                self._sessions[key] = session
            self._sessions.move_to_end(key)
            while len(self._sessions) > self._limit:
                self._sessions.popitem(last=False)
            return session

    def forget(self, member_id: int) -> int:
        """Drop every session of a member and return how many there were."""
        with self._lock:
            keys = [key for key, session in self._sessions.items() if session.member_id == member_id]
            for key in keys:
                del self._sessions[key]
            return len(keys)

    def __len__(self) -> int:
        return len(self._sessions)
