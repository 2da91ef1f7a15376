"""The figures of evaluation.md as plain functions on arrays. No I/O, no models."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def r2(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Coefficient of determination of (n,) values, 1 - SS_res / SS_tot, computed once over everything given."""
    y = np.asarray(truth, dtype=np.float64)
    error = np.square(y - np.asarray(predicted, dtype=np.float64)).sum()
    return float(1.0 - error / np.square(y - y.mean()).sum())


def pearson(a: ArrayLike, b: ArrayLike) -> float:
    """Pearson's r of two (n,) samples; 0 where one of them is constant."""
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    x, y = x - x.mean(), y - y.mean()
    scale = np.sqrt(np.square(x).sum() * np.square(y).sum())
    return float((x * y).sum() / scale) if scale > 0 else 0.0


def macro_f1(truth: ArrayLike, predicted: ArrayLike, classes: int) -> float:
    """Mean F1 over ``classes`` of (n,) integer labels; a class never predicted and never right counts 0."""
    t, p = np.asarray(truth), np.asarray(predicted)
    scores = []
    for c in range(classes):
        hit = np.sum((t == c) & (p == c))
        total = np.sum(t == c) + np.sum(p == c)
        scores.append(2.0 * hit / total if total else 0.0)
    return float(np.mean(scores))


def precision_at(relevant: NDArray[np.bool_], k: int) -> float:
    """Share of the first ``k`` of a ranked (n,) list that is relevant."""
    return float(np.mean(relevant[:k]))


def reciprocal_rank(relevant: NDArray[np.bool_]) -> float:
    """1 / rank of the first relevant entry of a ranked (n,) list; 0 when there is none."""
    hits = np.flatnonzero(relevant)
    return float(1.0 / (hits[0] + 1)) if hits.size else 0.0


def expected_calibration_error(probability: ArrayLike, outcome: ArrayLike, bins: int = 10) -> tuple[float, list[dict[str, float]]]:
    """ECE (Guo et al., 2017) over equal-width bins, and the reliability curve.

    Args:
        probability: (n,) predicted probabilities.
        outcome: (n,) 0 or 1.
        bins: number of equal-width bins of [0, 1].

    Returns:
        sum over bins of (share of samples) * |mean outcome - mean probability|, and one entry per bin that is not empty.
    """
    p = np.asarray(probability, dtype=np.float64)
    y = np.asarray(outcome, dtype=np.float64)
    index = np.minimum((p * bins).astype(int), bins - 1)
    error, curve = 0.0, []
    for b in range(bins):
        inside = index == b
        if not inside.any():
            continue
        predicted, observed = float(p[inside].mean()), float(y[inside].mean())
        error += float(inside.mean()) * abs(predicted - observed)
        curve.append({"predicted": predicted, "observed": observed, "n": int(inside.sum())})
    return error, curve


def skewness(counts: ArrayLike) -> float:
    """Third standardised moment of (n,) k-occurrence counts, the usual measure of hubness (Radovanovic et al., 2010)."""
    x = np.asarray(counts, dtype=np.float64)
    spread = x.std()
    return float(np.mean(((x - x.mean()) / spread) ** 3)) if spread > 0 else 0.0
