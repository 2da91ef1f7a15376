"""The fits on samples whose right answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.affect import N_EMOJI
from engine.calibration import ModalityMap
from engine.training.calibration.fit import RawSample, fit_match, modality_map, temperature_for, uniform_axes


@pytest.fixture
def rng():
    return np.random.default_rng(4)


def test_two_modalities_of_different_spread_land_on_one_scale(rng):
    feeling = rng.random((4000, 3))
    text = (0.1 + 0.8 * feeling).astype(np.float32)
    audio = (0.45 + 0.1 * feeling).astype(np.float32)
    emoji = rng.dirichlet(np.ones(N_EMOJI), 4000).astype(np.float32)
    maps = [modality_map(RawSample(vad, emoji), uniform_axes(vad), 1.0, 3.0) for vad in (text, audio)]
    mapped = [m.vad(vad) for m, vad in zip(maps, (text, audio), strict=True)]
    assert np.abs(mapped[0] - mapped[1]).max() < 0.03
    assert np.abs(mapped[0][:, :2] - feeling[:, :2]).max() < 0.06  # dominance is given less room on purpose


@pytest.mark.parametrize("entropy", [2.5, 3.5])
def test_the_temperature_gives_the_entropy_asked_for(rng, entropy):
    emoji = rng.dirichlet(np.ones(N_EMOJI), 500).astype(np.float32)
    prior = emoji.mean(axis=0)
    found = temperature_for(emoji, prior, 1.0, entropy)
    p = ModalityMap(temperature=found, own_prior=prior, prior_power=1.0).emoji(emoji)
    assert float(-(p * np.log(p)).sum(axis=1).mean()) == pytest.approx(entropy, abs=0.01)


def test_the_match_finds_the_curve_that_made_the_data(rng):
    distance = rng.random(60_000).astype(np.float32)
    right = rng.random(60_000) < 1 / (1 + np.exp(-(1.2 - 5.0 * distance)))
    slope, intercept = fit_match(distance, right)
    assert slope == pytest.approx(5.0, abs=0.15)
    assert intercept == pytest.approx(1.2, abs=0.06)
