"""What touches several parts at once: the starter and meta."""

from __future__ import annotations

import doctest
import sqlite3
from contextlib import closing

import numpy as np

from engine.affect import neutral
from engine.catalogue import LOCAL_GUILD, STARTER_GUILD, Catalogue
from engine.catalogue import catalogue as module
from engine.starter import StarterItem
from tests.engine.catalogue.making import scored


def items(seeds: range, *, title: str = "song", version: str = "m+oof") -> list[StarterItem]:
    empty = np.empty(0, dtype=np.uint32)
    return [
        StarterItem(
            f"deam:{seed}",
            f"{title} {seed}",
            f"artist {seed}",
            "Folk",
            f"https://example.org/{seed}",
            scored(seed, version=version, words=empty),
        )
        for seed in seeds
    ]


def test_the_starter_is_stored_once_per_version(catalogue: Catalogue) -> None:
    assert catalogue.starter_version() is None
    assert catalogue.sync_starter(items(range(10)), "1") == 10
    assert catalogue.starter_version() == "1"
    generation = catalogue.generation()
    assert catalogue.sync_starter([], "1") == 0, "this version is here already"
    assert catalogue.generation() == generation
    assert catalogue.count_tracks([STARTER_GUILD]) == 10
    track = catalogue.tracks([STARTER_GUILD], text="song 7")[0]
    assert (track.artist, track.genre, track.url, track.path) == ("artist 7", "Folk", "https://example.org/7", None)


def test_a_new_starter_keeps_ids_and_drops_what_is_gone(catalogue: Catalogue) -> None:
    catalogue.sync_starter(items(range(6)), "1")
    before = {catalogue.recording(int(i)).uid: int(i) for i in catalogue.permitted([STARTER_GUILD])}
    kept = catalogue.add_track(LOCAL_GUILD, before["deam:0"], "mine too")
    catalogue.put_vote(LOCAL_GUILD, 0, before["deam:3"], neutral(), 1, rank=1, model_version="m")
    own = catalogue.add_track(LOCAL_GUILD, catalogue.add_recording(scored(50)), "all mine")
    assert catalogue.sync_starter(items(range(2, 8), title="renamed", version="n+oof"), "2") == 6
    after = {catalogue.recording(int(i)).uid: int(i) for i in catalogue.permitted([STARTER_GUILD])}
    assert after.keys() == {f"deam:{seed}" for seed in range(2, 8)}
    assert all(after[uid] == before[uid] for uid in after.keys() & before.keys())
    assert all(track.title.startswith("renamed") for track in catalogue.tracks([STARTER_GUILD]))
    starter = catalogue.song_table(guilds=[STARTER_GUILD])
    assert set(starter.model_versions) == {"n+oof"}
    assert len(catalogue.segment_table(guilds=[STARTER_GUILD]).segment_ids) == 12
    assert len(catalogue.votes(LOCAL_GUILD)) == 1
    assert {catalogue.track(track_id).title for track_id in (kept, own)} == {"mine too", "all mine"}
    assert before["deam:1"] not in catalogue.song_table().recording_ids, "nobody has it any more"


def test_meta(catalogue: Catalogue) -> None:
    assert catalogue.meta("colour") is None
    catalogue.set_meta("colour", "blue")
    catalogue.set_meta("colour", "green")
    assert catalogue.meta("colour") == "green"


def test_the_example_in_the_docstring() -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


def test_check_finds_what_is_wrong(catalogue: Catalogue) -> None:
    catalogue.add_track(LOCAL_GUILD, catalogue.add_recording(scored(1)), "a song")
    assert catalogue.check() == []
    with closing(sqlite3.connect(catalogue.path)) as other:  # foreign keys are off here
        other.execute("DELETE FROM recordings")
        other.commit()
    (sentence,) = catalogue.check()
    assert "rows point at nothing" in sentence
