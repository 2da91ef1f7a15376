"""The figures against scikit-learn's and against cases small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference

from engine.training.evaluation import metrics


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_r2_and_pearson_agree_with_the_references(rng):
    y, p = rng.random(50), rng.random(50)
    assert metrics.r2(y, p) == pytest.approx(reference.r2_score(y, p))
    assert metrics.pearson(y, p) == pytest.approx(stats.pearsonr(y, p).statistic)
    assert metrics.pearson(y, np.ones(50)) == 0.0


def test_macro_f1_counts_a_class_never_predicted_as_zero(rng):
    t, p = rng.integers(0, 4, 80), rng.integers(0, 3, 80)
    expected = reference.f1_score(t, p, labels=range(4), average="macro", zero_division=0)
    assert metrics.macro_f1(t, p, 4) == pytest.approx(expected)
    assert metrics.macro_f1([0, 0], [0, 0], 2) == pytest.approx(0.5)


def test_precision_and_reciprocal_rank_by_hand():
    ranked = np.array([False, True, True, False])
    assert metrics.precision_at(ranked, 2) == 0.5
    assert metrics.reciprocal_rank(ranked) == 0.5
    assert metrics.reciprocal_rank(np.zeros(3, dtype=bool)) == 0.0


def test_ece_is_zero_for_honest_and_large_for_overconfident_probabilities(rng):
    p = rng.random(200_000)
    honest, curve = metrics.expected_calibration_error(p, rng.random(200_000) < p)
    assert honest < 0.01
    assert sum(bin_["n"] for bin_ in curve) == 200_000
    overconfident, _ = metrics.expected_calibration_error(np.ones(100), np.arange(100) < 40)
    assert overconfident == pytest.approx(0.6)


def test_skewness_agrees_with_scipy(rng):
    x = rng.exponential(size=300)
    assert metrics.skewness(x) == pytest.approx(stats.skew(x))
    assert metrics.skewness(np.ones(5)) == 0.0
