"""Kernel ridge regression with a mixture of kernels and a noise of its own for each rating. Pure numpy."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.training.emoji.data import Array
from engine.training.emoji.features import Features

#: Length scales of the kernels on language vectors and on CLDR's order; the figures change by less than 0.01 between half and double.
_FROZEN_LENGTH = 0.7
_TUNED_LENGTH = 0.6
_RANK_LENGTH = 10.0
_SHARES_LENGTH = 2.0


@dataclass(frozen=True, slots=True)
class Mixture:
    """Weights of the kernels and of the noise, relative to the variance of what is predicted.

    Attributes:
        frozen: of MiniLM's vectors.
        tuned: of the text encoder's vectors.
        rank: of CLDR's order.
        shares: of the standardised log shares of negative, neutral and positive tweets; 0 where none are used.
        noise: variance of one annotation.
        nugget: variance that no number of annotations removes.
    """

    frozen: float
    tuned: float
    rank: float
    shares: float
    noise: float
    nugget: float


def mixtures(
    rank: Sequence[float], shares: Sequence[float], noise: Sequence[float], nugget: Sequence[float], scale: float = 1.0
) -> list[Mixture]:
    """The grid from which cross-validation on training rows chooses; language models weigh ``scale`` each."""
    return [Mixture(scale, scale, scale * r, scale * s, n, g) for r, s, n, g in itertools.product(rank, shares, noise, nugget)]


def kernel(mixture: Mixture, a: Features, b: Features, shares_a: Array | None = None, shares_b: Array | None = None) -> Array:
    """(n, m) similarities of n and m emoji.

    Args:
        mixture: weights.
        a, b: features of the n and the m.
        shares_a, shares_b: (n, 3) and (m, 3) standardised log shares, where the mixture uses them.
    """
    total = mixture.frozen * np.exp((a.frozen @ b.frozen.T - 1.0) / _FROZEN_LENGTH**2)
    total += mixture.tuned * np.exp((a.tuned @ b.tuned.T - 1.0) / _TUNED_LENGTH**2)
    total += mixture.rank * np.exp(-np.abs(a.rank[:, None] - b.rank[None]) / _RANK_LENGTH)
    if mixture.shares > 0.0 and shares_a is not None and shares_b is not None:
        squared = np.square(shares_a[:, None] - shares_b[None]).sum(-1)
        total += mixture.shares * np.exp(-squared / (2.0 * _SHARES_LENGTH**2))
    return np.asarray(total + mixture.frozen)  # a constant kernel: the mean is learned, not fixed


def predict(similar: Array, across: Array, targets: Array, variance: Array, mean: Array) -> Array:
    """(m, k) predictions from n rated emoji.

    Args:
        similar: (n, n) kernel among the rated.
        across: (m, n) kernel of the asked with the rated.
        targets: (n, k).
        variance: (n,) noise of each rating.
        mean: (k,) what is predicted far from everything.
    """
    return np.asarray(mean + across @ np.linalg.solve(similar + np.diag(variance), targets - mean))


def leave_one_out(similar: Array, targets: Array, variance: Array, mean: Array) -> Array:
    """(n, k) predictions of each rated emoji from the others, in closed form: y - (A^-1 y) / diag(A^-1)."""
    inverse = np.linalg.inv(similar + np.diag(variance))
    return np.asarray(targets - (inverse @ (targets - mean)) / np.diag(inverse)[:, None])


def pearson(a: Array, b: Array, weights: Array | None = None) -> float:
    """Pearson's r of two (n,) arrays, weighted where weights (n,) are given; 0 where one of them is constant."""
    w = np.ones(len(a)) if weights is None else weights
    w = w / w.sum()
    da, db = a - w @ a, b - w @ b
    scale = np.sqrt((w @ da**2) * (w @ db**2))
    return float(w @ (da * db) / scale) if scale > 0 else 0.0
