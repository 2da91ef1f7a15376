"""The labelled sets as one table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import DataError
from engine.training.audio.datasets import Clip, load_clips


@pytest.fixture(scope="module")
def table(shared_data: Path) -> list[Clip]:
    return load_clips(shared_data)


def test_every_clip_is_there_once_with_its_audio_and_a_fold(table: list[Clip]) -> None:
    assert len({(clip.set, clip.clip) for clip in table}) == len(table) == 1619 + 609 + 744 + 753
    assert all(clip.path.is_file() for clip in table)
    assert {clip.fold for clip in table} == set(range(5))


def test_an_extra_cut_has_the_fold_and_static_label_of_its_song(table: list[Clip]) -> None:
    songs = {clip.clip: clip for clip in table if clip.set == "deam"}
    for cut in (clip for clip in table if clip.set == "deam-extra"):
        song = songs[cut.clip.split("_")[0]]
        assert (cut.fold, cut.static) == (song.fold, song.static)


def test_every_set_has_its_own_labels(table: list[Clip]) -> None:
    for clip in table:
        assert (clip.quadrant >= 0) == (clip.set == "mer4q")
        assert (clip.cluster >= 0) == (clip.set == "mirex")
        assert np.isfinite(clip.static).all() == clip.set.startswith("deam")
        assert bool(clip.moods) == (clip.set in ("mer4q", "mirex"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"folds\.csv"):
        load_clips(tmp_path)
