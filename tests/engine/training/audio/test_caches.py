"""Features that are made once and read again: spectrograms from real files, and what lies on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.encoders.audio_net import TRUNK, WINDOWS, Trunk
from engine.errors import DataError
from engine.training.audio.baseline import classify, regress, statistics
from engine.training.audio.datasets import Clip
from engine.training.audio.features import MelCache, decode, load_mels
from engine.training.audio.probes import SOFT_SIZE, soft_targets
from engine.training.audio.segments import load_segments
from engine.training.audio.targets import build_targets
from engine.training.audio.teacher import load_teacher
from tests.audio import Studio, song
from tests.engine.training.audio.making import EMOJI_VAD, clips


@pytest.fixture
def recorded(audio: Studio) -> list[Clip]:
    """Two clips as real files, of 4 and of 21 seconds."""
    kinds = clips(2)
    return [
        replace(kinds[0], path=audio.wav("a.wav", song(4.0, seed=1))),
        replace(kinds[1], path=audio.wav("b.wav", song(21.0, seed=2))),
    ]


def test_spectrograms_are_made_once(recorded: list[Clip], tmp_path: Path) -> None:
    made = load_mels(recorded, tmp_path / "cache", workers=1)
    assert [len(made[clip]) for clip in recorded] == [251, 1313]
    for clip in recorded:
        clip.path.unlink()
    again = load_mels(recorded, tmp_path / "cache")
    np.testing.assert_array_equal(again[recorded[1]], made[recorded[1]])
    with pytest.raises(DataError, match="lacks 1 clip"):
        load_mels([*recorded, clips(3)[-1]], tmp_path / "cache")


def test_a_broken_clip_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.opus").write_bytes(b"not audio")
    with pytest.raises(DataError, match=r"broken\.opus"):
        decode(tmp_path / "broken.opus")


def _noise(of: list[Clip], frames: int = 1300) -> MelCache:
    values = np.random.default_rng(0).random((len(of) * frames, 96)).astype(np.float16)
    return MelCache(values, {f"{clip.set}/{clip.clip}": (i * frames, frames) for i, clip in enumerate(of)})


def test_segments_are_made_once_and_need_a_trunk_for_that(tmp_path: Path) -> None:
    of = clips(1)
    mels = _noise(of)
    with pytest.raises(DataError, match="MusiCNN"):
        load_segments(of, mels, tmp_path)
    torch.manual_seed(0)
    made = load_segments(of, mels, tmp_path, Trunk().eval().requires_grad_(False))
    assert made.trunk.shape == (6, WINDOWS, TRUNK)
    assert made.clip.tolist() == [0, 0, 1, 1, 2, 2]
    assert made.start_s.tolist() == pytest.approx([0.0, 14.992] * 3, abs=1e-3)
    np.testing.assert_array_equal(load_segments(of, mels, tmp_path).trunk, made.trunk)


def test_the_teacher_is_not_asked_for_nothing(tmp_path: Path) -> None:
    of = clips(1)
    with pytest.raises(DataError, match="MusiCNN"):
        load_teacher(of, _noise(of), tmp_path)


def test_soft_targets_come_from_probes_that_saw_neither_the_clip_nor_the_held_out_fold() -> None:
    of = clips(40)
    targets = build_targets(of, {}, EMOJI_VAD)
    rng = np.random.default_rng(0)
    features = np.column_stack([targets.vad, rng.standard_normal((len(of), 5))]).astype(np.float32)
    soft = soft_targets(features, targets, 2)
    assert soft.shape == (len(of), SOFT_SIZE)
    held = targets.fold == 2
    assert not soft[held].any()
    deam = np.isfinite(targets.dynamic[:, 0]) & ~held
    assert np.corrcoef(soft[deam, 0], targets.dynamic[deam, 0])[0, 1] > 0.8
    spoiled = replace(targets, dynamic=np.where(held[:, None], 99.0, targets.dynamic).astype(np.float32))
    np.testing.assert_allclose(soft_targets(features, spoiled, 2), soft, atol=1e-5)


def test_the_floor_is_out_of_fold() -> None:
    of = clips(40)
    targets = build_targets(of, {}, EMOJI_VAD)
    rows = np.array([i for i, clip in enumerate(of) if clip.set == "deam"])
    features = targets.dynamic[rows] + 0.01 * np.random.default_rng(0).standard_normal((len(rows), 2)).astype(np.float32)
    predicted = regress(features, targets.dynamic[rows], targets.fold[rows])
    assert np.corrcoef(predicted[:, 0], targets.dynamic[rows, 0])[0, 1] > 0.9
    quads = np.array([i for i, clip in enumerate(of) if clip.set == "mer4q"])
    found = classify(targets.vad[quads], targets.quadrant[quads], targets.fold[quads])
    assert (found == targets.quadrant[quads]).mean() > 0.9


def test_statistics_of_a_spectrogram() -> None:
    of = clips(1)
    mels = _noise(of)
    found = statistics(of, mels)
    assert found.shape == (3, 384)
    np.testing.assert_allclose(found[0, :96], mels[of[0]].astype(np.float32).mean(axis=0), atol=1e-3)
