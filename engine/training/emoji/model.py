"""The two regressions: shares of negative, neutral and positive tweets for any emoji, and Plutchik's emotions from those and the label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.training.emoji.data import Array, Tally
from engine.training.emoji.features import Features
from engine.training.emoji.regression import Mixture, kernel, leave_one_out, mixtures, pearson, predict

#: Grids from which leave-one-out on the training rows chooses.
SHARE_GRID = mixtures(rank=(0.5, 1.0, 2.0), shares=(0.0,), noise=(1.0, 2.0), nugget=(0.03, 0.1), scale=0.03)
EMOTION_GRID = mixtures(rank=(0.25, 0.5, 1.0), shares=(0.25, 0.5, 1.0), noise=(0.0,), nugget=(0.2, 0.4, 0.8))

#: Annotations that a predicted share is worth when it is blended with measured ones.
PREDICTION_WORTH = 20.0
#: Counts below this trust themselves little when the mean and the choice of a mixture are computed.
_HALF_TRUST = 15.0
#: Added to the counts of negative, neutral and positive before logs are taken.
_PSEUDO = np.array([1.0, 1.5, 2.0])


def counts_of(tallies: Mapping[str, Tally], keys: Sequence[str]) -> Array:
    """(n, 3) negative, neutral, positive counts; zeros where an emoji was not rated."""
    rows = [(t.negative, t.neutral, t.positive) if (t := tallies.get(k)) else (0, 0, 0) for k in keys]
    return np.array(rows, dtype=np.float64)


def valence_of(shares: Array) -> Array:
    """(n, 3) shares → (n,) valence in [-1, 1]."""
    return np.asarray(shares[:, 2] - shares[:, 0])


def predict_shares(features: Features, counts: Array, asked: Features, grid: Sequence[Mixture] = SHARE_GRID) -> tuple[Array, Mixture]:
    """Shares of negative, neutral and positive tweets from the labels alone.

    Args:
        features: of n rated emoji.
        counts: (n, 3), each row with one annotation or more.
        asked: features of m emoji; their own ratings are not looked at.
        grid: mixtures to choose from, by the weighted r of leave-one-out valence over the n.

    Returns:
        (m, 3) shares that sum to 1, and the mixture chosen.
    """
    total = counts.sum(axis=1)
    shares = counts / total[:, None]
    trust = total / (total + _HALF_TRUST)
    mean = (trust[:, None] * shares).sum(axis=0) / trust.sum()

    def quality(mixture: Mixture) -> float:
        out = leave_one_out(kernel(mixture, features, features), shares, _share_noise(mixture, total), mean)
        return pearson(valence_of(out), valence_of(shares), trust)

    best = max(grid, key=quality) if len(grid) > 1 else grid[0]
    found = predict(kernel(best, features, features), kernel(best, asked, features), shares, _share_noise(best, total), mean)
    found = np.clip(found, 0.01, None)
    return found / found.sum(axis=1, keepdims=True), best


def _share_noise(mixture: Mixture, total: Array) -> Array:
    return np.asarray(mixture.noise / total + mixture.nugget)


def blend_shares(predicted: Array, counts: Array) -> Array:
    """(n, 3) measured and predicted shares by evidence: a prediction counts as much as :data:`PREDICTION_WORTH` annotations."""
    return np.asarray((counts + PREDICTION_WORTH * predicted) / (counts.sum(axis=1, keepdims=True) + PREDICTION_WORTH))


def share_features(shares: Array, reference: Array) -> Array:
    """(n, 3) log shares, standardised by those of the reference emoji (m, 3)."""
    logs, base = np.log(shares + _PSEUDO / 100.0), np.log(reference + _PSEUDO / 100.0)
    return np.asarray((logs - base.mean(axis=0)) / base.std(axis=0))


def predict_emotions(
    features: Features, shares: Array, ratings: Array, asked: Features, asked_shares: Array, grid: Sequence[Mixture] = EMOTION_GRID
) -> tuple[Array, Mixture]:
    """Plutchik's eight emotions from labels and shares.

    Args:
        features: of n emoji rated for emotions.
        shares: (n, 3) blended shares of theirs.
        ratings: (n, 8) in [0, 1].
        asked: features of m emoji.
        asked_shares: (m, 3).
        grid: mixtures to choose from, by the mean r of leave-one-out emotions over the n.

    Returns:
        (m, 8) in [0, 1], and the mixture chosen.
    """
    own, theirs = share_features(shares, shares), share_features(asked_shares, shares)
    mean = ratings.mean(axis=0)

    def quality(mixture: Mixture) -> float:
        out = leave_one_out(kernel(mixture, features, features, own, own), ratings, np.full(len(ratings), mixture.nugget), mean)
        return float(np.mean([pearson(out[:, j], ratings[:, j]) for j in range(ratings.shape[1])]))

    best = max(grid, key=quality) if len(grid) > 1 else grid[0]
    noise = np.full(len(ratings), best.nugget)
    found = predict(kernel(best, features, features, own, own), kernel(best, asked, features, theirs, own), ratings, noise, mean)
    return np.clip(found, 0.0, 1.0), best
