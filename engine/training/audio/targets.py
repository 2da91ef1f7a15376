"""What each clip should score: the labels as arrays, and the product's valence, arousal, dominance and emoji derived from them.

Product VAD puts the three sets on one NRC-like scale. DEAM's ratings are standardised and spread around the middle; 4Q and MIREX-like clips
take the mean point of their mood words, pulled towards their quadrant or cluster. Nobody rated dominance of music: it comes from the mood
words, and for DEAM from the regression of dominance on valence and arousal over all mood words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.affect import FloatArray
from engine.training.audio.datasets import Clip

#: Points a quadrant and a cluster pull their clips towards: corners of the plane, and the mean of the cluster's five to seven mood words.
QUADRANT_POINTS: FloatArray = np.array([[0.85, 0.75, 0.70], [0.18, 0.80, 0.50], [0.22, 0.28, 0.28], [0.80, 0.25, 0.50]], dtype=np.float32)
CLUSTER_POINTS: FloatArray = np.array(
    [[0.72, 0.72, 0.70], [0.88, 0.55, 0.60], [0.38, 0.28, 0.40], [0.72, 0.55, 0.50], [0.22, 0.85, 0.55]], dtype=np.float32
)
#: Share of the quadrant or cluster point in the target of a clip; the rest is the mean of its mood words.
_CLASS_SHARE = 0.7
#: Standard deviation the points of single mood words are given on every axis, around the middle.
_WORD_SPREAD = 0.25
#: Mean and standard deviation by which the two kinds of rating are standardised: round numbers, so that no fold learns them from another.
SCALES: dict[str, tuple[FloatArray, FloatArray]] = {
    "dynamic": (np.zeros(2, dtype=np.float32), np.array([0.25, 0.30], dtype=np.float32)),
    "static": (np.full(2, 5.0, dtype=np.float32), np.array([1.2, 1.3], dtype=np.float32)),
}
#: Standard deviation DEAM's ratings are given in product units.
_DEAM_SPREAD = 0.2
#: A mood word of 4Q becomes a target of its own when this many clips carry it.
_LEAST_CLIPS = 25
#: Width of the kernel that turns a VAD point into emoji, in squared VAD units.
EMOJI_TAU = 0.04


@dataclass(frozen=True, eq=False)
class Targets:
    """Labels of n clips; NaN or -1 where a set has none.

    Attributes:
        dynamic, static: (n, 2) standardised by :data:`SCALES`.
        quadrant, cluster: (n,) int64.
        moods: (n, words) 0 or 1, NaN outside 4Q.
        words: the mood words.
        vad: (n, 3) in [0, 1].
        vad_weight: (n, 3), how much each axis is to be believed.
        emoji: (n, 62) on the simplex.
        fold: (n,) int64.
    """

    dynamic: FloatArray
    static: FloatArray
    quadrant: NDArray[np.int64]
    cluster: NDArray[np.int64]
    moods: FloatArray
    words: tuple[str, ...]
    vad: FloatArray
    vad_weight: FloatArray
    emoji: FloatArray
    fold: NDArray[np.int64]


def emoji_targets(vad: FloatArray, emoji_vad: FloatArray, tau: float = EMOJI_TAU) -> FloatArray:
    """(n, 62): p proportional to exp(-||vad - emoji_vad||^2 / tau) for (n, 3) points and the (62, 3) points of the emoji."""
    distance = np.square(vad[:, None] - emoji_vad[None]).sum(axis=2) / tau
    p = np.exp(-(distance - distance.min(axis=1, keepdims=True)))
    return np.asarray(p / p.sum(axis=1, keepdims=True), dtype=np.float32)


def build_targets(clips: Sequence[Clip], word_vad: Mapping[str, FloatArray], emoji_vad: FloatArray) -> Targets:
    """The targets of ``clips``.

    Args:
        clips: of any sets.
        word_vad: mood word → (3,) NRC-like point; words without one are left out of the means.
        emoji_vad: (62, 3) points of the emoji.
    """
    dynamic = _standardised("dynamic", [clip.dynamic for clip in clips])
    static = _standardised("static", [clip.static for clip in clips])
    counts = Counter(word for clip in clips if clip.set == "mer4q" for word in clip.moods)
    words = tuple(sorted(word for word, count in counts.items() if count >= _LEAST_CLIPS))
    moods = np.array([[float(w in clip.moods) if clip.set == "mer4q" else np.nan for w in words] for clip in clips], dtype=np.float32)
    vad, weight = _product_vad(clips, dynamic, static, word_vad)
    return Targets(
        dynamic, static, np.array([c.quadrant for c in clips]), np.array([c.cluster for c in clips]), moods, words,
        vad, weight, emoji_targets(vad, emoji_vad), np.array([c.fold for c in clips]),
    )  # fmt: skip


def spread_words(word_vad: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """The points of the mood words, moved to the middle of the cube and stretched: the text encoder is timid with single words."""
    points = np.stack(list(word_vad.values()))
    stretched = np.clip(0.5 + _WORD_SPREAD * (points - points.mean(axis=0)) / points.std(axis=0), 0.0, 1.0)
    return {word: np.asarray(point, dtype=np.float32) for word, point in zip(word_vad, stretched, strict=True)}


def _standardised(name: str, ratings: Sequence[tuple[float, float]]) -> FloatArray:
    mean, deviation = SCALES[name]
    return np.asarray((np.array(ratings, dtype=np.float32) - mean) / deviation, dtype=np.float32)


def _product_vad(
    clips: Sequence[Clip], dynamic: FloatArray, static: FloatArray, word_vad: Mapping[str, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    points = np.array(list(word_vad.values()) or [*QUADRANT_POINTS, *CLUSTER_POINTS], dtype=np.float64)
    design = np.column_stack([np.ones(len(points)), points[:, :2]])
    dominance, *_ = np.linalg.lstsq(design, points[:, 2], rcond=None)
    vad = np.empty((len(clips), 3), dtype=np.float32)
    weight = np.ones((len(clips), 3), dtype=np.float32)
    for i, clip in enumerate(clips):
        if clip.quadrant < 0 and clip.cluster < 0:
            rated = dynamic[i] if np.isfinite(dynamic[i]).all() else static[i]
            vad[i, :2] = 0.5 + _DEAM_SPREAD * rated
            vad[i, 2] = dominance @ np.array([1.0, *vad[i, :2]])
            weight[i, 2] = 0.3
            continue
        anchor = QUADRANT_POINTS[clip.quadrant] if clip.quadrant >= 0 else CLUSTER_POINTS[clip.cluster]
        known = [word_vad[word] for word in clip.moods if word in word_vad]
        vad[i] = _CLASS_SHARE * anchor + (1 - _CLASS_SHARE) * np.mean(known, axis=0) if known else anchor
    return np.clip(vad, 0.02, 0.98), weight
