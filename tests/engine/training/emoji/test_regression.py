import numpy as np
import pytest

from engine.training.emoji.features import Features, ranks
from engine.training.emoji.regression import Mixture, kernel, leave_one_out, mixtures, pearson, predict


def some_features(n: int, seed: int = 0) -> Features:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(2, n, 384))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    return Features(tuple(map(str, range(n))), vectors[0], vectors[1], rng.random((n, 3)), np.arange(n, dtype=np.float64))


def test_leave_one_out_in_closed_form_is_leave_one_out() -> None:
    features, rng = some_features(12), np.random.default_rng(1)
    targets, variance, mean = rng.random((12, 2)), rng.uniform(0.1, 0.5, 12), np.array([0.3, 0.6])
    similar = kernel(Mixture(1.0, 1.0, 0.5, 0.0, 0.0, 0.0), features, features)
    closed = leave_one_out(similar, targets, variance, mean)
    for i in range(12):
        others = np.arange(12) != i
        again = predict(similar[np.ix_(others, others)], similar[i : i + 1, others], targets[others], variance[others], mean)
        assert np.allclose(closed[i], again[0])


def test_a_kernel_is_symmetric_positive_and_highest_for_the_emoji_itself() -> None:
    features = some_features(20)
    shares = np.random.default_rng(2).normal(size=(20, 3))
    similar = kernel(Mixture(0.5, 1.0, 1.0, 0.7, 0.0, 0.0), features, features, shares, shares)
    assert np.allclose(similar, similar.T)
    assert np.linalg.eigvalsh(similar).min() > 0
    assert (similar.argmax(axis=1) == np.arange(20)).all()
    assert (similar > kernel(Mixture(0.5, 1.0, 1.0, 0.0, 0.0, 0.0), features, features)).all()


def test_noisier_ratings_pull_less() -> None:
    features = some_features(2)
    similar = kernel(Mixture(1.0, 1.0, 0.0, 0.0, 0.0, 0.0), features, features)
    targets, mean = np.array([[1.0], [0.0]]), np.array([0.5])
    sure, unsure = (predict(similar, similar, targets, np.array([noise, 0.1]), mean)[0, 0] for noise in (0.01, 5.0))
    assert sure > 0.95 > unsure


def test_the_grid_holds_every_combination() -> None:
    grid = mixtures(rank=(1.0, 2.0), shares=(0.0,), noise=(1.0, 2.0, 3.0), nugget=(0.1,), scale=0.5)
    assert len(set(grid)) == 6
    assert {(m.frozen, m.tuned) for m in grid} == {(0.5, 0.5)}
    assert {m.rank for m in grid} == {0.5, 1.0}


def test_pearson() -> None:
    a = np.array([1.0, 2.0, 3.0, 4.0])
    assert pearson(a, 2 * a + 1) == pytest.approx(1.0)
    assert pearson(a, -a) == pytest.approx(-1.0)
    assert pearson(a, np.ones(4)) == 0.0
    b = np.array([1.0, 2.0, 0.0, 9.0])
    assert pearson(a, b) == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert pearson(a, b, np.array([1.0, 1.0, 0.0, 0.0])) == pytest.approx(1.0)


def test_ranks_of_sequences_that_cldr_does_not_list() -> None:
    found = ranks(["😀", "👩‍🚀", "🇩🇪", "🇫🇷", "\U0001fbff", "\U0001fbfe"], {"😀": 3, "👩": 40, "🚀": 900})
    assert found[:2].tolist() == [3.0, 40.0]
    assert found[2] == found[3]
    assert len({*found[[2, 4, 5]]}) == 3
