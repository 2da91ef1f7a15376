"""Tracks: a guild's own, never another's, shown by the right name, and gone without a trace with the last one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalogue import STARTER_GUILD, Catalogue
from engine.catalogue.tracks import path_key, path_name
from engine.errors import NotFoundError
from tests.engine.catalogue.making import scored


def test_add_and_show(catalogue: Catalogue) -> None:
    recording_id = catalogue.add_recording(scored(1))
    track_id = catalogue.add_track(
        5, recording_id, "Title", "Artist", genre="Rock", url="https://example.org/1", path=Path("/m/1.mp3"), added_by=9
    )
    track = catalogue.track(track_id)
    assert (track.guild_id, track.recording_id, track.title, track.artist, track.genre) == (5, recording_id, "Title", "Artist", "Rock")
    assert (track.url, track.path, track.added_by) == ("https://example.org/1", "/m/1.mp3", 9)
    assert catalogue.add_track(5, recording_id, "Another title") == track_id, "a guild has a recording once"
    assert catalogue.track(track_id).title == "Title"
    with pytest.raises(NotFoundError):
        catalogue.add_track(5, 999, "No recording")


def test_the_last_track_takes_the_recording_with_it(catalogue: Catalogue) -> None:
    recording_id = catalogue.add_recording(scored(1))
    first, second = catalogue.add_track(5, recording_id, "One"), catalogue.add_track(6, recording_id, "Two")
    assert catalogue.remove_track(first).title == "One"
    assert catalogue.recording(recording_id).recording_id == recording_id
    catalogue.remove_track(second)
    with pytest.raises(NotFoundError):
        catalogue.recording(recording_id)
    assert len(catalogue.segment_table().segment_ids) == 0
    assert catalogue.find_same(scored(1).fingerprint, 30.0) is None
    with catalogue.reading() as db:
        assert [db.table(name).count for name in ("embeddings", "fingerprints", "fingerprint_keys", "tracks")] == [0, 0, 0, 0]
    assert catalogue.add_recording(scored(2)) > recording_id, "an id never comes to mean another recording"


def test_removing_what_is_not_there_or_not_yours(catalogue: Catalogue) -> None:
    track_id = catalogue.add_track(5, catalogue.add_recording(scored(1)), "One")
    with pytest.raises(NotFoundError, match="no track 999"):
        catalogue.remove_track(999)
    with pytest.raises(NotFoundError, match=f"no track {track_id}"):
        catalogue.remove_track(track_id, guild_ids=[6])
    assert catalogue.track(track_id, guild_ids=[6, 5]).title == "One"


def test_own_names_win_over_the_starters(catalogue: Catalogue) -> None:
    both = catalogue.add_recording(scored(1))
    only_starter = catalogue.add_recording(scored(2))
    only_other = catalogue.add_recording(scored(3))
    catalogue.add_track(STARTER_GUILD, both, "Starter's name")
    catalogue.add_track(STARTER_GUILD, only_starter, "Starter only")
    catalogue.add_track(5, both, "Own name")
    catalogue.add_track(6, both, "Secret name")
    catalogue.add_track(6, only_other, "Secret song")
    ids = [both, only_starter, only_other]
    for guilds in ([5, STARTER_GUILD], [STARTER_GUILD, 5]):
        shown = catalogue.tracks_for(ids, guilds)
        assert {recording_id: track.title for recording_id, track in shown.items()} == {both: "Own name", only_starter: "Starter only"}
    assert catalogue.tracks_for(np.asarray(ids), [6, 5])[both].title == "Secret name"
    assert catalogue.tracks_for(np.asarray(ids), [5, 6])[both].title == "Own name"
    assert catalogue.tracks_for(ids, []) == {}


def test_listing(catalogue: Catalogue) -> None:
    for seed, (title, artist) in enumerate([("b", "Zed"), ("100% pure", "abba"), ("a_c", "Abba"), ("abc", "Émile")]):
        catalogue.add_track(5, catalogue.add_recording(scored(seed)), title, artist)
    assert [t.title for t in catalogue.tracks([5])] == ["100% pure", "a_c", "b", "abc"]
    assert [t.title for t in catalogue.tracks([5], limit=2, offset=1)] == ["a_c", "b"]
    assert [t.title for t in catalogue.tracks([5], text="ABBA")] == ["100% pure", "a_c"]
    assert [t.title for t in catalogue.tracks([5], text="0%")] == ["100% pure"]
    assert [t.title for t in catalogue.tracks([5], text="a_c")] == ["a_c"]
    assert catalogue.tracks([6]) == []
    assert (catalogue.count_tracks([5]), catalogue.count_tracks([5, 6]), catalogue.count_tracks([6])) == (4, 4, 0)


def test_permitted_follows_every_change(catalogue: Catalogue) -> None:
    ids = [catalogue.add_recording(scored(seed)) for seed in range(4)]
    tracks = [catalogue.add_track(guild, recording_id, "x") for guild, recording_id in zip([5, 5, 6, 0], ids, strict=True)]
    catalogue.add_track(6, ids[0], "x")
    assert catalogue.permitted([5]).tolist() == ids[:2]
    assert catalogue.permitted([0, 6]).tolist() == [ids[0], ids[2], ids[3]]
    assert catalogue.permitted([5, 6, 0]).tolist() == ids
    assert catalogue.permitted([]).tolist() == []
    assert catalogue.permitted([5]) is catalogue.permitted([5, 5]), "asked again it is not read again"
    with pytest.raises(ValueError, match="read-only"):
        catalogue.permitted([5])[0] = 7
    catalogue.remove_track(tracks[0])
    assert catalogue.permitted([5]).tolist() == [ids[1]]
    with Catalogue(catalogue.path) as other:  # another process would look like this
        other.add_track(5, ids[3], "x")
    assert catalogue.permitted([5]).tolist() == [ids[1], ids[3]]
    assert catalogue.permitted([5]).dtype == np.int64


def test_what_is_rolled_back_is_not_remembered(catalogue: Catalogue) -> None:
    ids = [catalogue.add_recording(scored(seed)) for seed in range(2)]

    def try_in_vain() -> None:
        with catalogue.transaction():
            catalogue.add_track(5, ids[0], "x")
            assert catalogue.permitted([5]).tolist() == [ids[0]]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        try_in_vain()
    catalogue.add_track(5, ids[1], "x")  # takes the generation the transaction had
    assert catalogue.permitted([5]).tolist() == [ids[1]]


def test_a_guild_goes_with_all_it_had(catalogue: Catalogue) -> None:
    shared, own = catalogue.add_recording(scored(1)), catalogue.add_recording(scored(2))
    catalogue.add_track(5, shared, "x")
    catalogue.add_track(5, own, "x")
    catalogue.add_track(6, shared, "y")
    catalogue.set_guild_settings(5, {"language": "es"})
    assert catalogue.guild_settings(5) == {"language": "es"}
    assert catalogue.remove_guild(5) == 2
    assert catalogue.guild_settings(5) == {}
    assert catalogue.song_table().recording_ids.tolist() == [shared]
    assert [track.title for track in catalogue.tracks([5, 6])] == ["y"]
    assert catalogue.remove_guild(5) == 0


def test_hostile_names_become_one_harmless_line(catalogue: Catalogue) -> None:
    recording_id = catalogue.add_recording(scored(1))
    track = catalogue.track(catalogue.add_track(5, recording_id, "abc\u202egpj\n\x07.exe \udcff", 5000 * "x", genre="\t"))
    assert track.title == "abcgpj .exe"
    assert len(track.artist) < 300
    assert track.genre == ""


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=60).filter(lambda name: b"\0" not in name))
def test_any_file_name_can_be_stored(name: bytes) -> None:
    path = path_name(name)
    assert path_name(path_key(path)) == path


def test_hostile_names_survive_the_database(catalogue: Catalogue) -> None:
    path = "/music/'; DROP TABLE tracks; --\n\udcff\".mp3"
    track_id = catalogue.add_track(5, catalogue.add_recording(scored(1)), "'; DROP TABLE tracks; --", path=path)
    assert catalogue.track(track_id).path == path
    assert catalogue.tracks([5], text="'; DROP")[0].track_id == track_id
