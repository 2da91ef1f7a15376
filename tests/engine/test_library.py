"""The index follows the catalogue, and is rebuilt when it does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from engine.assistant import Assistant
from engine.library import Library, index_version
from engine.models import audio_version
from tests.engine.conftest import add_song, scored


def library(assistant: Assistant, said: list[str]) -> Library:
    """A second library over the same catalogue and folder, as another process would have."""
    return Library(assistant.catalogue, assistant.settings.index_folder, audio_version(), 0.5, said.append)


def found(lib: Library, recording: int) -> bool:
    return recording in lib.index().vectors([recording])


def test_it_is_built_saved_and_loaded(small: Assistant) -> None:
    said: list[str] = []
    assert small.library.index().n_songs == 18
    assert small.library.index().n_segments == 54
    again = library(small, said)
    assert again.index().n_songs == 18
    assert said == []
    assert again.version == index_version(audio_version())


@pytest.mark.parametrize("damage", ["half", "gone", "garbage"])
def test_a_damaged_index_is_rebuilt_and_that_is_said(damage: str, small: Assistant) -> None:
    before = small.library.index().search(np.zeros(65, np.float32), 5)
    folder = small.settings.index_folder
    for file in [file for file in folder.rglob("*") if file.is_file()]:
        if damage == "half":
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        elif damage == "garbage":
            file.write_bytes(b"\x00garbage" * 10)
        else:
            file.unlink()
    said: list[str] = []
    assert library(small, said).index().search(np.zeros(65, np.float32), 5) == before
    assert len(said) == 1
    assert said[0].startswith("Rebuilding the index")
    assert library(small, said).index().n_songs == 18
    assert len(said) == 1  # the rebuilt one was saved


def test_songs_that_come_and_go_are_followed(small: Assistant) -> None:
    small.library.index()
    new = add_song(small, "New", (0.9, 0.1, 0.5))
    assert found(small.library, new)
    track = next(track for track in small.catalogue.tracks([1]) if track.recording_id == new)
    small.catalogue.remove_track(track.track_id)
    assert not found(small.library, new)
    assert small.library.index().n_songs == 18


def test_a_song_scored_anew_moves(small: Assistant) -> None:
    small.library.index()
    recording = int(small.catalogue.permitted([1])[0])
    before = small.library.index().vectors([recording])[recording]
    small.catalogue.update_scores(recording, scored((0.99, 0.99, 0.99), "😄"))
    after = small.library.index().vectors([recording])[recording]
    assert np.abs(before - after).max() > 0.1


def test_an_index_behind_the_catalogue_is_rebuilt(small: Assistant) -> None:
    small.library.index()
    new = add_song(small, "New", (0.9, 0.1, 0.5))
    said: list[str] = []
    assert found(library(small, said), new)
    assert "changed since" in said[0]


def test_scores_of_another_model_are_left_out_and_counted(small: Assistant) -> None:
    recording = small.catalogue.add_recording(scored((0.5, 0.5, 0.5), version="audio-older"))
    small.catalogue.add_track(1, recording, "Old")
    assert small.library.index().n_songs == 18
    assert small.library.left_out == 1
    said: list[str] = []
    library(small, said).index()
    assert said == ["1 song was scored by another model and cannot be found until the files are added once more."]
    folds = small.catalogue.add_recording(scored((0.5, 0.5, 0.5), version="audio-anything+oof"))
    small.catalogue.add_track(1, folds, "From the folds")
    assert found(small.library, folds)


def test_songs_come_back_calibrated_and_in_order(small: Assistant) -> None:
    songs = small.library.songs()
    assert (np.diff(songs.ids) > 0).all()
    assert set(songs.affects()) == set(songs.ids.tolist())
    assert songs.vectors().shape == (18, 65)
