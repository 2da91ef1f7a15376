"""Reads messages, searches, explains and takes votes: what the assistant and its conversations share."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from engine.affect import Affect, blend, normalised
from engine.answers import Answer
from engine.catalogue import LOCAL_GUILD, STARTER_GUILD, Catalogue, query_key
from engine.errors import NotFoundError
from engine.feedback import Ballot
from engine.library import Library
from engine.models import Models, audio_version
from engine.ranking import MatchScale
from engine.searching import Searcher
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.encoders.message import MessageAffect

#: Messages whose affect is remembered.
_REMEMBERED_MESSAGES = 1024
#: A member's votes that count, the latest.
_VOTES = 500

Say = Callable[[str], None]


class Answering:
    """Answers over one catalogue. Every method blocks and may be called from any thread.

    Args:
        chosen: the settings.
        catalogue: where the songs are.
        say: told in single lines what is worth knowing: the device, a rebuilt index.
    """

    def __init__(self, chosen: Settings, catalogue: Catalogue, say: Say | None = None) -> None:
        self.settings, self.catalogue = chosen, catalogue
        self.models = Models(chosen, say)
        scale = MatchScale.load()
        self.library = Library(catalogue, chosen.index_folder, audio_version(), scale.alpha, say)
        self._searcher = Searcher(self.library, scale)
        self._read: OrderedDict[str, MessageAffect] = OrderedDict()
        self._lock = Lock()

    def warm(self) -> None:
        """Load what answering needs, so that the first question is as fast as the others."""
        self.search(self.models.read("warm").affect, top=1)

    def read(self, message: str) -> MessageAffect:
        """What a message feels like.

        Raises:
            QueryError: when there is no word and no emoji in it.
            ModelError: when the encoders cannot be loaded.
        """
        with self._lock:
            known = self._read.get(message)
            if known is not None:
                self._read.move_to_end(message)
                return known
        found = self.models.read(message)
        with self._lock:
            self._read[message] = found
            while len(self._read) > _REMEMBERED_MESSAGES:
                self._read.popitem(last=False)
        return found

    def ask(
        self,
        message: str,
        *,
        guild_ids: Sequence[int] = (LOCAL_GUILD,),
        member_id: int | None = None,
        top: int | None = None,
        exclude: Iterable[int] = (),
    ) -> Answer:
        """Songs for a message.

        Args:
            message: words, emoji or both.
            guild_ids: whose catalogues are searched, the first named first; the starter is added where the settings say so.
            member_id: whose votes count; None for nobody's.
            top: songs wanted; the settings' number by default.
            exclude: recordings to leave out.

        Raises:
            QueryError: when there is no word and no emoji in the message.
            ModelError: when the encoders cannot be loaded.
            CatalogueError: when the catalogue cannot be read.
        """
        began = time.perf_counter()
        read = self.read(message)
        return self.search(
            read.affect,
            words=message,
            notices=read.notices,
            guild_ids=guild_ids,
            member_id=member_id,
            top=top,
            exclude=exclude,
            began=began,
        )

    def search(
        self,
        affect: Affect,
        *,
        words: str = "",
        notices: Sequence[str] = (),
        guild_ids: Sequence[int] = (LOCAL_GUILD,),
        member_id: int | None = None,
        top: int | None = None,
        exclude: Iterable[int] = (),
        began: float | None = None,
    ) -> Answer:
        """Songs for an affect, as :meth:`ask`.

        Args:
            affect: calibrated.
            words: what the member wrote, to be shown again.
            notices: sentences to hand on.
            guild_ids: as in :meth:`ask`; so are the others.
            member_id: as there.
            top: as there.
            exclude: as there.
            began: ``time.perf_counter()`` when work on the message began; now by default.
        """
        began = time.perf_counter() if began is None else began
        guilds = self.guilds(guild_ids)
        ballot = Ballot.empty() if member_id is None else self._ballot(guild_ids, member_id)
        matches = self._searcher.matches(affect, guilds, top or self.settings.answers, ballot, exclude)
        told = list(notices)
        if not matches:
            told.append(self._nothing(guilds, bool(list(exclude))))
        took_ms = (time.perf_counter() - began) * 1000.0
        return Answer(words, affect, matches, tuple(told), took_ms, self.library.version)

    def more_like(
        self, track_ids: Sequence[int], *, guild_ids: Sequence[int] = (LOCAL_GUILD,), member_id: int | None = None, top: int | None = None
    ) -> Answer:
        """Songs like some tracks, without these.

        Raises:
            NotFoundError: when the guilds have no such track.
        """
        began = time.perf_counter()
        tracks = [self.catalogue.track(track_id, self.guilds(guild_ids)) for track_id in track_ids]
        recordings = [track.recording_id for track in tracks]
        words = " + ".join(track.title for track in tracks)
        return self.search(
            self.song_affect(recordings), words=words, guild_ids=guild_ids, member_id=member_id, top=top, exclude=recordings, began=began
        )

    def explain(self, affect: Affect, recordings: Sequence[int], *, words: str = "", guild_ids: Sequence[int] = (LOCAL_GUILD,)) -> Answer:
        """These songs as matches for an affect, in this order, with their reasons; those the guilds may not see are left out."""
        began = time.perf_counter()
        matches = self._searcher.explained(affect, self.guilds(guild_ids), recordings)
        return Answer(words, affect, matches, (), (time.perf_counter() - began) * 1000.0, self.library.version)

    def song_affect(self, recordings: Sequence[int]) -> Affect:
        """The calibrated affect of some recordings together.

        Raises:
            NotFoundError: when one is not there any more.
        """
        affects = self.library.songs(list(recordings)).affects()
        if not affects:
            raise NotFoundError("that song is no longer in the catalogue", "search again")
        return blend(list(affects.values()))

    def segment_affects(self, recording_id: int) -> list[tuple[float, float, Affect]]:
        """Start and end in seconds and the calibrated affect of every segment of a recording, in order.

        Raises:
            NotFoundError: when there is no such recording.
        """
        segments = self.catalogue.segments(recording_id)
        vad, emoji = self.library.map.vad(segments.scores.vad), self.library.map.emoji(segments.scores.emoji)
        affects = [Affect(v, normalised(e)) for v, e in zip(vad, emoji, strict=True)]
        return list(zip(segments.starts.tolist(), segments.ends.tolist(), affects, strict=True))

    def vote(
        self, guild_id: int, member_id: int, recording_id: int, query: Affect, value: int, *, rank: int = 1, versions: str | None = None
    ) -> None:
        """Store a vote, change it, or with value 0 take it back; the member's very next answer goes by it.

        Args:
            guild_id: where it is cast.
            member_id: who casts it.
            recording_id: the song.
            query: the affect that was searched for.
            value: 1, -1 or 0.
            rank: place of the song in the answer, from 1.
            versions: of the models that answered, as in the answer; the present ones by default.

        Raises:
            NotFoundError: when the song is no longer there.
            CatalogueError: when it cannot be stored.
        """
        if value == 0:
            self.catalogue.retract_vote(guild_id, member_id, recording_id, query_key(query))
            return
        self.catalogue.put_vote(guild_id, member_id, recording_id, query, value, rank=rank, model_version=versions or self.library.version)

    def guilds(self, guild_ids: Sequence[int]) -> tuple[int, ...]:
        """The guilds that are searched for these: themselves, then the starter where the settings say so."""
        guilds = tuple(dict.fromkeys(int(guild) for guild in guild_ids if guild != STARTER_GUILD))
        return (*guilds, STARTER_GUILD) if self.settings.starter or STARTER_GUILD in guild_ids else guilds

    def _ballot(self, guild_ids: Sequence[int], member_id: int) -> Ballot:
        votes = [vote for guild in dict.fromkeys(guild_ids) for vote in self.catalogue.votes(guild, member_id)]
        if not votes:
            return Ballot.empty()
        votes = sorted(votes, key=lambda vote: vote.changed_at)[-_VOTES:]
        songs = self.library.songs(sorted({vote.recording_id for vote in votes}))
        rows = dict(zip(songs.ids.tolist(), songs.vectors(), strict=True))
        votes = [vote for vote in votes if vote.recording_id in rows]
        if not votes:
            return Ballot.empty()
        return Ballot(
            np.asarray([vote.recording_id for vote in votes], dtype=np.int64),
            np.stack([rows[vote.recording_id] for vote in votes]),
            np.stack([vote.query.vector() for vote in votes]),
            np.asarray([vote.value for vote in votes], dtype=np.int64),
        )

    def _nothing(self, guilds: Sequence[int], excluded: bool) -> str:
        if excluded and self.catalogue.count_tracks(guilds):
            return "Those were all the songs there are; start a new mood to hear them again."
        return "There are no songs to search yet; add some with: emojuke catalogue add FOLDER"
