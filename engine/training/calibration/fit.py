"""Fits: monotone axes, temperature of the emoji part, probability of a match. Pure functions on arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.affect import Affect, FloatArray, to_vectors
from engine.calibration import AxisMap, ModalityMap, quantile_map

#: Every axis of every modality is mapped onto the uniform distribution: a third of all songs is then calmer than 1/3, whoever scored them.
_REFERENCE = np.linspace(0.0, 1.0, 1001)
#: Dominance alone is mapped onto a fifth of the axis, about its middle. Nobody rated the dominance of music: it is inferred from mood
#: words and all but a function of valence and arousal (r = 0.8), so an even spread would only count those two again, and noise with them.
_DOMINANCE_SPREAD = 0.2
_KNOTS = 65


@dataclass(frozen=True, eq=False)
class RawSample:
    """Raw scores of n texts, emoji or songs: (n, 3) VAD and (n, 62) emoji."""

    vad: FloatArray
    emoji: FloatArray

    @classmethod
    def of(cls, affects: list[Affect]) -> RawSample:
        """Stack the affects of an encoder."""
        return cls(np.stack([a.vad for a in affects]), np.stack([a.emoji for a in affects]))

    def vectors(self, map_: ModalityMap, w: float) -> FloatArray:
        """(n, 65) search vectors after a map."""
        return to_vectors(map_.vad(self.vad), map_.emoji(self.emoji), w)


def temperature_for(emoji: FloatArray, prior: FloatArray, power: float, entropy: float) -> float:
    """The temperature at which raw (n, 62) emoji, freed of their prior, have this mean entropy in nats; found by bisection."""
    low, high = 0.02, 50.0
    for _ in range(30):
        middle = float(np.sqrt(low * high))
        p = ModalityMap(temperature=middle, own_prior=prior, prior_power=power).emoji(emoji)
        mean_entropy = float(-(p * np.log(p + 1e-12)).sum(axis=1).mean())
        low, high = (middle, high) if mean_entropy < entropy else (low, middle)
    return float(np.sqrt(low * high))


def uniform_axes(vad: FloatArray) -> tuple[AxisMap, AxisMap, AxisMap]:
    """The three maps that spread raw (n, 3) valence and arousal evenly over [0, 1], and dominance over its part of it."""
    dominance = 0.5 + _DOMINANCE_SPREAD * (_REFERENCE - 0.5)
    references = (_REFERENCE, _REFERENCE, dominance)
    valence, arousal, dominance_map = (quantile_map(vad[:, i], reference, _KNOTS) for i, reference in enumerate(references))
    return valence, arousal, dominance_map


def modality_map(sample: RawSample, axes: tuple[AxisMap, AxisMap, AxisMap], power: float, entropy: float) -> ModalityMap:
    """The map of one modality: given axes, and an emoji part fitted to the sample."""
    prior = np.clip(sample.emoji.mean(axis=0), 1e-5, None).astype(np.float32)
    prior /= prior.sum()
    return ModalityMap(axes, temperature_for(sample.emoji, prior, power, entropy), prior, power)


def fit_match(distance: FloatArray, right: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and intercept of P(same quadrant) = sigmoid(intercept - slope * distance), by Newton's method on (n,) samples."""
    x = np.stack([np.ones(len(distance)), -np.asarray(distance, dtype=np.float64)], axis=1)
    y = np.asarray(right, dtype=np.float64)
    beta = np.zeros(2)
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-x @ beta))
        step = np.linalg.solve(x.T @ (x * (p * (1.0 - p))[:, None]) + 1e-9 * np.eye(2), x.T @ (y - p))
        beta += step
        if np.abs(step).max() < 1e-8:
            break
    return float(beta[1]), float(beta[0])
