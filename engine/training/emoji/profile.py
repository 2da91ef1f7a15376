"""From an emoji's eight emotions and valence to its affect. Pure numpy; the constants are choices, documented in the model card."""

from __future__ import annotations

import numpy as np

from engine.affect import EMOTIONS, FloatArray
from engine.training.emoji.data import Array

#: NRC-VAD points (engine.affect.EMOTIONS) for Plutchik's emotions; averages where no GoEmotions category has the name.
POINTS: Array = np.array(
    [
        np.mean([EMOTIONS[name] for name in names], axis=0)
        for names in (
            ("anger",),
            ("curiosity", "optimism", "excitement"),  # anticipation
            ("disgust",),
            ("fear",),
            ("joy",),
            ("sadness", "grief"),
            ("surprise",),
            ("admiration", "approval", "caring", "love"),  # trust
        )
    ]
)
_NEUTRAL: Array = np.array(EMOTIONS["neutral"])

#: Ratings are raised to this power before they weigh reference points, so that the strongest emotion leads.
_SHARPNESS = 2.0
#: Weight of "neutral" among the emotions: an emoji with no strong emotion stays there.
_NEUTRAL_WEIGHT = 0.05

#: Twitter's valence (x) → NRC valence (y). People tweet kindly: the median emoji has 0.37, yet means nothing much.
_VALENCE_X = (-0.7, -0.3, 0.0, 0.33, 0.55, 0.75, 1.0)
_VALENCE_Y = (0.05, 0.15, 0.33, 0.53, 0.72, 0.92, 0.97)


def vad_of_emotions(emotions: Array) -> Array:
    """(n, 8) ratings in [0, 1] → (n, 3) VAD in NRC units: reference points of the emotions weighted by the sharpened ratings."""
    weights = np.clip(emotions, 0.0, 1.0) ** _SHARPNESS
    total = weights.sum(axis=1, keepdims=True) + _NEUTRAL_WEIGHT
    return np.asarray((weights @ POINTS + _NEUTRAL_WEIGHT * _NEUTRAL) / total)


def nrc_valence(valence: Array) -> Array:
    """Valence of the Emoji Sentiment Ranking in [-1, 1] → NRC valence in [0, 1], monotone."""
    return np.asarray(np.interp(valence, _VALENCE_X, _VALENCE_Y))


def affinity(
    vad: Array, emotions: Array, own: Array, *, emotion_width: Array, vad_width: float = 0.13, self_mass: float = 0.45
) -> FloatArray:
    """Probabilities of the 62 emoji for each of n emoji.

    exp(-d^2 / 2), with d^2 the squared distances of VAD and emotions, each divided by its width; an emoji that is itself among the 62 gives
    ``self_mass`` of the probability to itself and shares the rest among the others.

    Args:
        vad: (n, 3).
        emotions: (n, 8).
        own: (62,) int rows of the 62 emoji among the n.
        emotion_width: (n,) standard width along an emotion.
        vad_width: the same along an axis of VAD.
        self_mass: in [0, 1).

    Returns:
        (n, 62) float32 on the simplex.
    """
    rows = own.astype(np.int64)
    squared = np.square(vad[:, None] - vad[rows][None]).sum(-1) / vad_width**2
    squared += np.square(emotions[:, None] - emotions[rows][None]).sum(-1) / emotion_width[:, None] ** 2
    squared[rows, np.arange(len(rows))] = np.inf
    weights = np.exp(-0.5 * (squared - squared.min(axis=1, keepdims=True)))
    weights /= weights.sum(axis=1, keepdims=True)
    weights[rows] *= 1.0 - self_mass
    weights[rows, np.arange(len(rows))] = self_mass
    return np.asarray(weights, dtype=np.float32)
