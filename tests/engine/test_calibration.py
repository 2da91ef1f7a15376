"""The cross-modal maps: monotone, onto the cube, and the same after a round trip through their file."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.affect import N_EMOJI, Affect, normalised
from engine.calibration import IDENTITY, AxisMap, ModalityMap, load_maps, quantile_map, save_maps
from engine.errors import ModelError


@given(st.lists(st.floats(0.0, 1.0), min_size=5, max_size=200, unique=True), st.lists(st.floats(0.0, 1.0), min_size=2, max_size=50))
def test_a_quantile_map_is_monotone_and_stays_in_the_cube(sample, probes):
    mapped = quantile_map(sample, np.linspace(0, 1, 101))(np.sort(probes))
    assert (np.diff(mapped) >= 0).all()
    assert mapped.min() >= 0.0
    assert mapped.max() <= 1.0


def test_a_quantile_map_makes_a_narrow_sample_uniform():
    rng = np.random.default_rng(1)
    sample = rng.beta(20, 30, size=5000)
    mapped = quantile_map(sample, np.linspace(0, 1, 1001))(sample)
    share, _ = np.histogram(mapped, bins=10, range=(0, 1))
    assert share.min() > 0.08 * len(sample)
    assert share.max() < 0.12 * len(sample)


@pytest.mark.parametrize(("x", "y"), [((0.0,), (0.0,)), ((0.0, 0.0), (0.0, 1.0)), ((0.0, 1.0), (1.0, 0.0)), ((0.0, 1.0), (0.0, 0.5, 1.0))])
def test_an_axis_map_that_is_not_monotone_is_refused(x, y):
    with pytest.raises(ValueError, match=r"knots|increasing"):
        AxisMap(x, y)


def test_temperature_flattens_and_the_prior_is_divided_out():
    raw = normalised(np.arange(1, N_EMOJI + 1))
    flat = ModalityMap(temperature=4.0).emoji(raw)
    sharp = ModalityMap(temperature=0.25).emoji(raw)
    assert sharp.max() > raw.max() > flat.max()
    levelled = ModalityMap(own_prior=raw, prior_power=1.0).emoji(raw)
    np.testing.assert_allclose(levelled, 1 / N_EMOJI, atol=1e-5)


def test_identity_changes_nothing():
    affect = Affect([0.2, 0.7, 0.9], normalised(np.arange(1, N_EMOJI + 1)))
    np.testing.assert_allclose(IDENTITY(affect).vad, affect.vad, atol=1e-6)
    np.testing.assert_allclose(IDENTITY(affect).emoji, affect.emoji, atol=1e-6)


def test_maps_survive_their_file(tmp_path):
    rng = np.random.default_rng(2)
    original = ModalityMap(
        axes=(quantile_map(rng.random(99), rng.random(99)), AxisMap(), AxisMap((0.0, 0.3, 1.0), (0.1, 0.2, 0.9))),
        temperature=0.7,
        own_prior=normalised(rng.random(N_EMOJI)),
        prior_power=0.8,
    )
    path = tmp_path / "calibration.json"
    save_maps({"text": original}, path)
    loaded = load_maps(path)["text"]
    affect = Affect([0.2, 0.7, 0.9], normalised(rng.random(N_EMOJI)))
    np.testing.assert_allclose(loaded(affect).vad, original(affect).vad, atol=1e-6)
    np.testing.assert_allclose(loaded(affect).emoji, original(affect).emoji, atol=1e-4)


@pytest.mark.parametrize("content", ["", "{", '{"text": {}}', "[1, 2]"])
def test_a_damaged_file_says_so(tmp_path, content):
    path = tmp_path / "calibration.json"
    path.write_text(content)
    with pytest.raises(ModelError, match="calibration"):
        load_maps(path)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(ModelError, match="reinstall"):
        load_maps(tmp_path / "none.json")
