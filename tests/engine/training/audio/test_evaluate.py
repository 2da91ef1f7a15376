"""A1, A2 and A3 on predictions whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.training.audio.datasets import Clip
from engine.training.audio.evaluate import a1, a2, a3, coverage, deam_residuals
from engine.training.audio.publish import spread_scale
from engine.training.audio.targets import build_targets
from engine.training.evaluation.oof import OofScores
from tests.engine.training.audio.making import EMOJI_VAD, clips


def _oof(of: list[Clip], noise: float = 0.0) -> OofScores:
    """Predictions that hit every label, plus ``noise``, in an order other than the clips'."""
    of = of[::-1]
    rng = np.random.default_rng(0)
    n = len(of)
    heads = {
        "dynamic": np.array([clip.dynamic for clip in of]),
        "static": np.array([clip.static for clip in of]),
        "quadrant": np.eye(4)[[max(clip.quadrant, 0) for clip in of]],
        "cluster": np.eye(5)[[max(clip.cluster, 0) for clip in of]],
    }
    heads = {name: (np.nan_to_num(values) + noise * rng.standard_normal(values.shape)).astype(np.float32) for name, values in heads.items()}
    vad = build_targets(of, {}, EMOJI_VAD).vad
    return OofScores(
        set=np.array([clip.set for clip in of]),
        clip=np.array([clip.clip for clip in of]),
        fold=np.array([clip.fold for clip in of]),
        level=np.array(["song"] * n),
        start_s=np.zeros(n, np.float32),
        vad=(vad + 0.1 * rng.standard_normal(vad.shape)).astype(np.float32),
        emoji=np.full((n, 62), 1 / 62, np.float32),
        heads=heads,
        embedding=np.zeros((n, 4), np.float16),
        uncertainty=np.full((n, 2), 0.02, np.float32),
        version="test+oof",
    )


def test_right_predictions_score_one_and_stand_above_their_floors() -> None:
    of = clips()
    for row in (a1(_oof(of), of), a2(_oof(of), of), a3(_oof(of), of)):
        assert list(row.figures.values()) == pytest.approx([1.0] * len(row.figures), abs=1e-5)
        assert max(row.floors.values()) < 0.5


def test_noise_costs_what_it_must() -> None:
    of = clips(400)
    spread = np.array([clip.dynamic for clip in of if clip.set == "deam"]).std(axis=0)
    found = a1(_oof(of, 0.1), of).figures["dynamic R² V"]
    assert found == pytest.approx(1 - (0.1 / spread[0]) ** 2, abs=0.03)


def test_the_scale_makes_the_intervals_true() -> None:
    of = clips(300)
    wanted = build_targets(of, {}, EMOJI_VAD).vad
    residuals = deam_residuals(_oof(of), of, wanted)
    assert coverage(residuals)["V 68 %"] < 0.3
    scaled = coverage(residuals / spread_scale(residuals))
    assert scaled["V 68 %"] == pytest.approx(0.68, abs=0.02)
    assert scaled["A 95 %"] == pytest.approx(0.95, abs=0.04)
