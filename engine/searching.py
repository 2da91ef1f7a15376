"""From an affect to a page of matches: search, the member's votes, at most two songs of one artist, names and reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from engine.affect import Affect, FloatArray
from engine.answers import Match, Moment, clock
from engine.catalogue import STARTER_GUILD, Track
from engine.feedback import DEPTH, Ballot, VoteFeedback, reach_of
from engine.index import Hit
from engine.library import Library
from engine.ranking import MatchScale, Turns, match_words, page
from engine.reasons import CARD, Compared, reasons


class Searcher:
    """Finds matches in a library. Safe to use from several threads.

    Args:
        library: the index and the catalogue under it.
        scale: how a distance is read.
    """

    def __init__(self, library: Library, scale: MatchScale) -> None:
        self._library, self._scale = library, scale

    def matches(self, affect: Affect, guilds: Sequence[int], top: int, ballot: Ballot, exclude: Iterable[int] = ()) -> tuple[Match, ...]:
        """The page for an affect.

        Args:
            affect: calibrated.
            guilds: whose songs may be shown, the first named first.
            top: songs wanted.
            ballot: votes of the member who asks.
            exclude: recordings to leave out.

        Raises:
            CatalogueError: when the catalogue cannot be read.
        """
        catalogue, index, vector = self._library.catalogue, self._library.index(), affect.vector()
        permitted = catalogue.permitted(guilds)
        excluded = frozenset(exclude)  # not taken from what is permitted: the index remembers that by guild, not by page
        tracks: dict[int, Track] = {}

        def artists(recordings: Sequence[int]) -> dict[int, str]:
            tracks.update(catalogue.tracks_for([i for i in recordings if i not in tracks], guilds))
            return {i: tracks[i].artist for i in recordings if i in tracks}

        votes: VoteFeedback | None = None
        if len(ballot):
            reach = reach_of([hit.distance for hit in index.search(vector, DEPTH, permitted)])
            votes = VoteFeedback(vector, ballot, index.vectors, reach)
        ranked = page(
            lambda k: index.search(vector, k, permitted),
            artists,
            self._scale,
            size=top,
            excluded=excluded,
            feedback=votes,
            turns=Turns.of(vector),
        )
        # A track removed since `permitted` was asked for is found no more.
        hits = [entry.hit for entry in ranked if entry.hit.recording_id in tracks]
        return self._matches(affect, hits, tracks, frozenset() if votes is None else votes.lifted())

    def explained(self, affect: Affect, guilds: Sequence[int], recordings: Sequence[int]) -> tuple[Match, ...]:
        """Some recordings as matches for an affect, in the order given, without those the guilds may not see."""
        allowed = np.intersect1d(self._library.catalogue.permitted(guilds), np.asarray(recordings, dtype=np.int64))
        if not len(allowed):
            return ()
        found = {hit.recording_id: hit for hit in self._library.index().search(affect.vector(), len(allowed), allowed)}
        hits = [found[recording] for recording in recordings if recording in found]
        tracks = self._library.catalogue.tracks_for([hit.recording_id for hit in hits], guilds)
        return self._matches(affect, [hit for hit in hits if hit.recording_id in tracks], tracks, frozenset())

    def _matches(self, affect: Affect, hits: Sequence[Hit], tracks: dict[int, Track], lifted: frozenset[int]) -> tuple[Match, ...]:
        affects = self._library.songs([hit.recording_id for hit in hits]).affects()
        segments = self._segments(hits)
        return tuple(
            self._match(affect, hit, tracks[hit.recording_id], affects[hit.recording_id], segments.get(hit.recording_id), lifted)
            for hit in hits
            if hit.recording_id in affects
        )

    def _segments(self, hits: Sequence[Hit]) -> dict[int, FloatArray]:
        """Recording id → (3,) calibrated VAD of the segment its hit names."""
        wanted = {hit.recording_id: hit.start_s for hit in hits if hit.n_segments > 1}
        if not wanted:
            return {}
        table = self._library.catalogue.segment_table(recordings=sorted(wanted))
        rows = [i for i, recording in enumerate(table.recording_ids.tolist()) if abs(wanted[recording] - float(table.starts[i])) < 0.05]
        return {int(table.recording_ids[i]): self._library.map.vad(table.vad[i]) for i in rows}

    def _match(self, affect: Affect, hit: Hit, track: Track, song: Affect, segment: FloatArray | None, lifted: frozenset[int]) -> Match:
        moment = Moment(round(hit.start_s, 2), round(hit.end_s, 2)) if hit.n_segments > 1 else None
        vad = song.vad if segment is None else segment
        span = "" if moment is None else f"{clock(moment.start_s)} to {clock(moment.end_s)}"
        probability = self._scale.probability(hit.distance)
        why = reasons(Compared(affect, song, hit.song_distance, vad, hit.segment_distance, span))
        return Match(
            track_id=track.track_id,
            recording_id=hit.recording_id,
            title=track.title,
            artist=track.artist,
            genre=track.genre,
            match=probability,
            words=match_words(probability),
            emoji=tuple(symbol for symbol, _ in song.top_emoji(CARD)),
            affect=song,
            moment=moment,
            moment_vad=vad,
            url=track.url,
            is_lookup=track.guild_id == STARTER_GUILD,
            path=track.path,
            reasons=(*why, "near songs you voted up") if hit.recording_id in lifted else why,
        )
