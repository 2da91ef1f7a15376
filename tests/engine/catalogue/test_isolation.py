"""Whatever guilds do, in any order: nobody sees what is only another's, and nothing is left when its last owner has gone."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.affect import neutral
from engine.catalogue import STARTER_GUILD, Catalogue, FileNames, FileStamp
from engine.errors import NotFoundError
from tests.engine.catalogue.making import scored

GUILDS = (STARTER_GUILD, 1, 2, 3)
SONGS = range(5)

guild_ids = st.sampled_from(GUILDS)
songs = st.sampled_from(SONGS)


class Guilds(RuleBasedStateMachine):
    """Several guilds add, name, remove and vote; ``owned`` is what must be true: (guild, song) → title."""

    @initialize()
    def open(self) -> None:
        self.folder = TemporaryDirectory()
        self.catalogue = Catalogue(Path(self.folder.name) / "catalogue.db")
        self.owned: dict[tuple[int, int], str] = {}
        self.track_ids: dict[tuple[int, int], int] = {}
        self.recording_ids: dict[int, int] = {}

    def teardown(self) -> None:
        self.catalogue.close()
        self.folder.cleanup()

    @rule(guild=guild_ids, song=songs)
    def add(self, guild: int, song: int) -> None:
        title = f"{guild}'s name of {song}"
        state, track_id = self.catalogue.put_file(
            guild, Path(f"/{guild}/{song}.mp3"), FileStamp(song, 1, 1), scored(song), FileNames(title), added_by=100 + guild
        )
        assert state == ("known" if (guild, song) in self.owned else "added")
        self.owned[guild, song] = title
        self.track_ids[guild, song] = track_id
        recording_id = self.catalogue.track(track_id).recording_id
        if any(owner != guild for owner, owned_song in self.owned if owned_song == song):
            assert self.recording_ids[song] == recording_id, "the recording is shared"
        self.recording_ids[song] = recording_id

    @rule(guild=guild_ids, song=songs)
    def vote(self, guild: int, song: int) -> None:
        if any(owned_song == song for _, owned_song in self.owned):
            self.catalogue.put_vote(guild, 7, self.recording_ids[song], neutral(), 1, rank=1, model_version="v")

    @rule(guild=guild_ids, song=songs)
    def remove(self, guild: int, song: int) -> None:
        if (guild, song) in self.owned:
            self.catalogue.remove_track(self.track_ids[guild, song], [guild])
            del self.owned[guild, song]

    @rule(guild=guild_ids, owner=guild_ids, song=songs)
    def reach_for_anothers(self, guild: int, owner: int, song: int) -> None:
        if guild != owner and (owner, song) in self.owned:
            for reach in (self.catalogue.track, self.catalogue.remove_track):
                with pytest.raises(NotFoundError):
                    reach(self.track_ids[owner, song], [guild])

    @rule(guild=guild_ids)
    def leave(self, guild: int) -> None:
        self.catalogue.remove_guild(guild)
        self.owned = {key: title for key, title in self.owned.items() if key[0] != guild}

    @invariant()
    def everybody_sees_exactly_their_own(self) -> None:
        everything = list(self.recording_ids.values())
        for allowed in ([1], [2], [3], [1, STARTER_GUILD], [STARTER_GUILD]):
            mine = {song for guild, song in self.owned if guild in allowed}
            expected_ids = sorted(self.recording_ids[song] for song in mine)
            assert self.catalogue.permitted(allowed).tolist() == expected_ids
            assert self.catalogue.song_table(guilds=allowed).recording_ids.tolist() == expected_ids
            assert sorted(set(self.catalogue.segment_table(guilds=allowed).recording_ids.tolist())) == expected_ids
            listed = sorted(track.title for track in self.catalogue.tracks(allowed))
            assert listed == sorted(title for (guild, _), title in self.owned.items() if guild in allowed)
            shown = self.catalogue.tracks_for(everything, allowed)
            for song in mine:
                track = shown.pop(self.recording_ids[song])
                owner = allowed[0] if (allowed[0], song) in self.owned else STARTER_GUILD
                assert (track.title, track.path, track.added_by) == (self.owned[owner, song], f"/{owner}/{song}.mp3", 100 + owner)
            assert shown == {}

    @invariant()
    def nothing_is_left_behind(self) -> None:
        alive = sorted({self.recording_ids[song] for _, song in self.owned})
        assert self.catalogue.song_table().recording_ids.tolist() == alive
        with self.catalogue.reading() as db:
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []


Guilds.TestCase.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
TestGuilds = Guilds.TestCase
