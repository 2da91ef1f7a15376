"""Files: what each became, moved, replaced or retagged, and those that could not be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.catalogue import Catalogue, FileNames, FileStamp
from engine.errors import NotFoundError
from tests.engine.catalogue.making import scored

GUILD = 5


def put(catalogue: Catalogue, path: Path, seed: int, title: str = "a song", *, guild: int = GUILD, version: str = "v1") -> tuple[str, int]:
    """Write a file of one byte, say it was scored, and store it."""
    if not path.exists():
        path.write_bytes(b"x")
    return catalogue.put_file(guild, path, FileStamp.of(path), scored(seed, version=version), FileNames(title))


def test_a_new_file_and_the_same_again(catalogue: Catalogue, tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    state, track_id = put(catalogue, path, 1)
    assert state == "added"
    stored = catalogue.stored_files(GUILD)[str(path)]
    assert (stored.track_id, stored.is_main, stored.model_version) == (track_id, True, "v1")
    assert stored.unchanged(FileStamp.of(path))
    os.utime(path, ns=(1, 1))
    assert not stored.unchanged(FileStamp.of(path))
    assert put(catalogue, path, 1) == ("known", track_id)
    assert catalogue.stored_files(GUILD)[str(path)].unchanged(FileStamp.of(path))
    assert catalogue.stored_files(6) == {}


def test_a_copy_is_known(catalogue: Catalogue, tmp_path: Path) -> None:
    _, track_id = put(catalogue, tmp_path / "a.mp3", 1)
    assert put(catalogue, tmp_path / "b.flac", 1) == ("known", track_id)
    assert catalogue.track(track_id).path == str(tmp_path / "a.mp3")
    assert not catalogue.stored_files(GUILD)[str(tmp_path / "b.flac")].is_main


def test_a_moved_file_takes_its_track_along(catalogue: Catalogue, tmp_path: Path) -> None:
    old, new = tmp_path / "a.mp3", tmp_path / "b.mp3"
    _, track_id = put(catalogue, old, 1, "the name it was given")
    old.rename(new)
    assert put(catalogue, new, 1, "another") == ("known", track_id)
    track = catalogue.track(track_id)
    assert (track.path, track.title) == (str(new), "the name it was given")
    assert list(catalogue.stored_files(GUILD)) == [str(new)]


def test_another_guild_shares_the_recording_only(catalogue: Catalogue, tmp_path: Path) -> None:
    _, first = put(catalogue, tmp_path / "a.mp3", 1, "ours")
    state, second = put(catalogue, tmp_path / "b.mp3", 1, "theirs", guild=6)
    assert state == "added"
    assert catalogue.track(first).recording_id == catalogue.track(second).recording_id
    assert (catalogue.track(first).title, catalogue.track(second).title) == ("ours", "theirs")
    assert len(catalogue.song_table().recording_ids) == 1


def test_new_tags_are_taken_over(catalogue: Catalogue, tmp_path: Path) -> None:
    _, track_id = put(catalogue, tmp_path / "a.mp3", 1, "wrnog")
    put(catalogue, tmp_path / "a.mp3", 1, "wrong no more")
    assert catalogue.track(track_id).title == "wrong no more"
    put(catalogue, tmp_path / "copy.mp3", 1, "the copy's own")
    assert catalogue.track(track_id).title == "wrong no more"


def test_a_newer_model_scores_anew_and_keeps_the_track(catalogue: Catalogue, tmp_path: Path) -> None:
    _, track_id = put(catalogue, tmp_path / "a.mp3", 1, version="v1")
    assert put(catalogue, tmp_path / "a.mp3", 1, version="v2") == ("known", track_id)
    assert catalogue.song_table().model_versions.tolist() == ["v2"]
    assert catalogue.stored_files(GUILD)[str(tmp_path / "a.mp3")].model_version == "v2"


def test_a_replaced_file_is_another_track(catalogue: Catalogue, tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    _, old = put(catalogue, path, 1)
    state, new = put(catalogue, path, 2)
    assert state == "added"
    with pytest.raises(NotFoundError):
        catalogue.track(old)
    assert [track.track_id for track in catalogue.tracks([GUILD])] == [new]
    assert len(catalogue.song_table().recording_ids) == 1


def test_a_replaced_file_leaves_the_track_to_its_copy(catalogue: Catalogue, tmp_path: Path) -> None:
    path, copy = tmp_path / "a.mp3", tmp_path / "copy.mp3"
    _, old = put(catalogue, path, 1)
    put(catalogue, copy, 1)
    put(catalogue, path, 2)
    assert catalogue.track(old).path == str(copy)
    assert len(catalogue.tracks([GUILD])) == 2


def test_a_replaced_copy_does_the_track_no_harm(catalogue: Catalogue, tmp_path: Path) -> None:
    path, copy = tmp_path / "a.mp3", tmp_path / "copy.mp3"
    _, old = put(catalogue, path, 1)
    put(catalogue, copy, 1)
    put(catalogue, copy, 2)
    assert catalogue.track(old).path == str(path)


def test_removing_a_track_forgets_its_files(catalogue: Catalogue, tmp_path: Path) -> None:
    _, track_id = put(catalogue, tmp_path / "a.mp3", 1)
    put(catalogue, tmp_path / "b.mp3", 1)
    catalogue.remove_track(track_id)
    assert catalogue.stored_files(GUILD) == {}
    assert put(catalogue, tmp_path / "a.mp3", 1)[0] == "added"


def test_errors_are_counted_and_forgotten(catalogue: Catalogue, tmp_path: Path) -> None:
    path = tmp_path / "b\udcffd.mp3"
    stamp = FileStamp(3, 4, 5)
    catalogue.put_error(GUILD, path, stamp, f"{path} holds no audio.")
    catalogue.put_error(GUILD, path, FileStamp(6, 7, 8), "still none " + 5000 * "x")
    (error,) = catalogue.errors(GUILD)
    assert (error.path, error.stamp, error.tries) == (str(path), FileStamp(6, 7, 8), 2)
    assert error.reason.startswith("still none")
    assert len(error.reason) == 1000
    assert error.first_at <= error.last_at
    assert catalogue.errors(6) == []
    assert catalogue.clear_error(GUILD, path)
    assert not catalogue.clear_error(GUILD, path)
    catalogue.put_error(GUILD, tmp_path / "a.mp3", stamp, "broken")
    put(catalogue, tmp_path / "a.mp3", 1)
    assert catalogue.errors(GUILD) == [], "a file that works now is no error"


def test_a_track_whose_file_is_gone_names_its_copy(catalogue: Catalogue, tmp_path: Path) -> None:
    _, first = put(catalogue, tmp_path / "a.mp3", 1)
    put(catalogue, tmp_path / "b.mp3", 1)
    put(catalogue, tmp_path / "c.mp3", 1)
    _, lonely = put(catalogue, tmp_path / "d.mp3", 2)
    assert catalogue.mend_paths(GUILD) == 0
    (tmp_path / "a.mp3").unlink()
    (tmp_path / "d.mp3").unlink()
    assert catalogue.mend_paths(6) == 0
    assert catalogue.mend_paths(GUILD) == 1
    assert catalogue.track(first).path == str(tmp_path / "b.mp3")
    assert catalogue.track(lonely).path == str(tmp_path / "d.mp3"), "it may only be on a disk that is not there now"
    assert sorted(catalogue.stored_files(GUILD)) == [str(tmp_path / name) for name in ("b.mp3", "c.mp3", "d.mp3")]


def test_a_track_whose_file_broke_names_its_copy(catalogue: Catalogue, tmp_path: Path) -> None:
    broken, copy = tmp_path / "a.mp3", tmp_path / "b.mp3"
    _, track_id = put(catalogue, broken, 1)
    catalogue.put_error(GUILD, broken, FileStamp.of(broken), "cut short.")
    assert catalogue.mend_paths(GUILD) == 0
    assert catalogue.track(track_id).path == str(broken), "there is nothing better, and nothing stored is lost"
    assert put(catalogue, copy, 1) == ("known", track_id)
    assert catalogue.track(track_id).path == str(copy)


def test_errors_of_files_that_are_gone_are_forgotten(catalogue: Catalogue, tmp_path: Path) -> None:
    (tmp_path / "there.mp3").touch()
    for name in ("there.mp3", "gone.mp3"):
        catalogue.put_error(GUILD, tmp_path / name, FileStamp(1, 2, 3), "broken.")
    assert catalogue.forget_missing_errors(6) == 0
    assert catalogue.forget_missing_errors(GUILD) == 1
    assert [error.path for error in catalogue.errors(GUILD)] == [str(tmp_path / "there.mp3")]
