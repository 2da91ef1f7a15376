"""The affect space: one point for a sentence, an emoji, a segment or a song. Pure functions, no I/O.

An :class:`Affect` is valence, arousal and dominance in [0, 1] plus a probability over 62 emoji. The distance between two of them is

    d(a, b) = w * ||a.vad - b.vad||^2 + (1 - w) * H^2(a.emoji, b.emoji)

with H^2 the squared Hellinger distance, H^2(p, q) = 1/2 * ||sqrt(p) - sqrt(q)||^2, which lies in [0, 1]. :func:`to_vectors` maps affects to
points whose plain squared L2 distance is exactly d, so FAISS's own metric is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float32]

AXES: tuple[str, str, str] = ("valence", "arousal", "dominance")

#: DeepMoji's 64 emoji (Felbo et al., 2017) less its two music signs, in DeepMoji's order. No variation selectors.
EMOJI: tuple[str, ...] = tuple(
    "😂😒😩😭😍😔👌😊❤😏😁😳💯😴😌☺🙌💕😑😅🙏😕😘♥😐💁😞🙈😫✌😎😡👍😢😪😋😤✋😷👏👀🔫😣😈😓💔♡🙊😉💀😖😄😜😠🙅💪👊💜💖💙😬✨"
)
N_EMOJI = len(EMOJI)
EMOJI_INDEX: Mapping[str, int] = MappingProxyType({symbol: i for i, symbol in enumerate(EMOJI)})

#: Dimension of the search vectors: three axes and 62 emoji.
DIM = len(AXES) + N_EMOJI

#: Weight of the VAD part of the distance. Chosen on development data; docs/decisions.md holds the measurement.
VAD_WEIGHT = 0.97

#: How far the sum of the emoji probabilities may stray from 1 before an Affect refuses it.
_SIMPLEX_TOLERANCE = 1e-3
#: A sum this close to 1 is float32 rounding.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Affect:
    """A point in the affect space.

    Attributes:
        vad: (3,) float32, valence, arousal, dominance, each in [0, 1].
        emoji: (62,) float32 on the simplex, in the order of :data:`EMOJI`.

    Raises:
        ValueError: when a shape is wrong, a number is not finite, a coordinate is outside [0, 1] or the emoji do not sum to 1.
    """

    vad: FloatArray
    emoji: FloatArray

    def __post_init__(self) -> None:
        vad = np.array(self.vad, dtype=np.float32)
        emoji = np.array(self.emoji, dtype=np.float32)
        _check("vad", vad, len(AXES))
        _check("emoji", emoji, N_EMOJI)
        total = float(emoji.sum(dtype=np.float64))
        if abs(total - 1.0) > _SIMPLEX_TOLERANCE:
            raise ValueError(f"emoji must sum to 1, not {total:.4f}")
        if abs(total - 1.0) > _ROUNDING:  # a second pass would only shuffle the last bits
            emoji /= np.float32(total)
        vad.setflags(write=False)
        emoji.setflags(write=False)
        object.__setattr__(self, "vad", vad)
        object.__setattr__(self, "emoji", emoji)

    @property
    def valence(self) -> float:
        """Unpleasant (0) to pleasant (1)."""
        return float(self.vad[0])

    @property
    def arousal(self) -> float:
        """Calm (0) to excited (1)."""
        return float(self.vad[1])

    @property
    def dominance(self) -> float:
        """Controlled (0) to in control (1). For music it is inferred from mood words; nobody rated it."""
        return float(self.vad[2])

    def top_emoji(self, n: int = 5) -> list[tuple[str, float]]:
        """The ``n`` most probable emoji with their probabilities, most probable first."""
        order = np.argsort(-self.emoji, kind="stable")[:n]
        return [(EMOJI[i], float(self.emoji[i])) for i in order]

    def vector(self, w: float = VAD_WEIGHT) -> FloatArray:
        """The (65,) float32 search vector, see :func:`to_vectors`."""
        vectors = to_vectors(self.vad[None], self.emoji[None], w)
        return np.asarray(vectors[0], dtype=np.float32)

    def moved(self, delta: ArrayLike) -> Affect:
        """The same emoji with ``delta`` (3,) added to the VAD, kept inside the unit cube."""
        return Affect(np.clip(self.vad + np.asarray(delta, dtype=np.float32), 0.0, 1.0), self.emoji)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Affect):
            return NotImplemented
        return bool(np.array_equal(self.vad, other.vad) and np.array_equal(self.emoji, other.emoji))

    def __hash__(self) -> int:
        return hash((self.vad.tobytes(), self.emoji.tobytes()))


def _check(name: str, values: FloatArray, size: int) -> None:
    if values.shape != (size,):
        raise ValueError(f"{name} must have shape ({size},), not {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite")
    if values.min() < 0.0 or values.max() > 1.0:
        raise ValueError(f"{name} must lie in [0, 1]")


def to_vectors(vad: ArrayLike, emoji: ArrayLike, w: float = VAD_WEIGHT) -> FloatArray:
    """Search vectors whose squared L2 distance is the affect distance.

    Args:
        vad: (n, 3) in [0, 1].
        emoji: (n, 62) on the simplex.
        w: weight of the VAD part, in [0, 1].

    Returns:
        (n, 65) float32: sqrt(w) * vad beside sqrt((1 - w) / 2) * sqrt(emoji).
    """
    if not 0.0 <= w <= 1.0:
        raise ValueError(f"w must lie in [0, 1], not {w}")
    vad_part = np.sqrt(w) * np.asarray(vad, dtype=np.float32)
    emoji_part = np.sqrt((1.0 - w) / 2.0) * np.sqrt(np.asarray(emoji, dtype=np.float32))
    return np.ascontiguousarray(np.concatenate([vad_part, emoji_part], axis=-1), dtype=np.float32)


def from_vector(vector: ArrayLike, w: float = VAD_WEIGHT) -> Affect:
    """The affect a (65,) search vector stands for; the inverse of :meth:`Affect.vector` for 0 < w < 1."""
    values = np.asarray(vector, dtype=np.float64)
    vad = np.clip(values[: len(AXES)] / np.sqrt(w), 0.0, 1.0)
    emoji = np.square(values[len(AXES) :] / np.sqrt((1.0 - w) / 2.0))
    return Affect(vad.astype(np.float32), normalised(emoji))


def distance(a: Affect, b: Affect, w: float = VAD_WEIGHT) -> float:
    """w * ||dVAD||^2 + (1 - w) * Hellinger^2, in [0, 3w + (1 - w)]."""
    hellinger = 0.5 * float(np.square(np.sqrt(a.emoji) - np.sqrt(b.emoji)).sum(dtype=np.float64))
    return w * float(np.square(a.vad - b.vad).sum(dtype=np.float64)) + (1.0 - w) * hellinger


def normalised(weights: ArrayLike) -> FloatArray:
    """Non-negative (62,) weights scaled to sum to 1; uniform where they are all zero."""
    values = np.clip(np.asarray(weights, dtype=np.float64), 0.0, None)
    total = values.sum()
    if total <= 0.0:
        return np.full(values.shape, 1.0 / values.size, dtype=np.float32)
    return np.asarray(values / total, dtype=np.float32)


def blend(affects: Sequence[Affect], weights: Iterable[float] | None = None) -> Affect:
    """The weighted mean of affects: arithmetic for VAD and for the emoji probabilities.

    Raises:
        ValueError: when there are no affects or the weights are not positive in sum.
    """
    if not affects:
        raise ValueError("nothing to blend")
    w = np.ones(len(affects)) if weights is None else np.asarray(list(weights), dtype=np.float64)
    if w.shape != (len(affects),) or (w < 0).any() or w.sum() <= 0:
        raise ValueError("weights must be non-negative, one per affect, and not all zero")
    w = w / w.sum()
    vad = sum(wi * a.vad.astype(np.float64) for wi, a in zip(w, affects, strict=True))
    emoji = sum(wi * a.emoji.astype(np.float64) for wi, a in zip(w, affects, strict=True))
    return Affect(np.clip(vad, 0.0, 1.0).astype(np.float32), normalised(emoji))


def neutral() -> Affect:
    """The centre of the space: 0.5 on each axis, every emoji alike."""
    return Affect(np.full(3, 0.5, dtype=np.float32), np.full(N_EMOJI, 1.0 / N_EMOJI, dtype=np.float32))


def _points(table: str) -> Mapping[str, tuple[float, float, float]]:
    rows = (row.split() for row in table.strip().splitlines())
    return MappingProxyType({name: (float(v), float(a), float(d)) for name, v, a, d in rows})


#: NRC-VAD values (Mohammad, 2018) of the 28 GoEmotions categories as quoted in the literature: valence, arousal, dominance in [0, 1].
EMOTIONS: Mapping[str, tuple[float, float, float]] = _points("""
    admiration .969 .583 .726
    amusement .929 .837 .803
    anger .167 .865 .657
    annoyance .167 .718 .342
    approval .854 .46 .889
    caring .635 .469 .5
    confusion .255 .667 .277
    curiosity .75 .755 .463
    desire .896 .692 .647
    disappointment .115 .49 .336
    disapproval .085 .551 .367
    disgust .052 .775 .317
    embarrassment .143 .685 .226
    excitement .896 .684 .731
    fear .073 .84 .293
    gratitude .885 .441 .61
    grief .07 .64 .474
    joy .98 .824 .794
    love 1 .519 .673
    nervousness .163 .915 .241
    optimism .949 .565 .814
    pride .729 .634 .848
    realization .554 .51 .836
    relief .844 .278 .481
    remorse .103 .673 .377
    sadness .052 .288 .164
    surprise .875 .875 .562
    neutral .469 .184 .357
""")

#: The same for AudioSet's seven music moods.
MOODS: Mapping[str, tuple[float, float, float]] = _points("""
    happy 1 .735 .772
    funny .918 .61 .566
    sad .225 .333 .149
    tender .63 .52 .509
    exciting .95 .792 .789
    angry .122 .83 .604
    scary .062 .952 .528
""")

#: Ekman groups of the GoEmotions categories, as in the GoEmotions paper (Demszky et al., 2020), plus neutral.
EKMAN: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "anger": ("anger", "annoyance", "disapproval"),
    "disgust": ("disgust",),
    "fear": ("fear", "nervousness"),
    "joy": (
        "joy", "amusement", "approval", "excitement", "gratitude", "love", "optimism", "relief", "pride", "admiration", "desire", "caring",
    ),
    "sadness": ("sadness", "disappointment", "embarrassment", "grief", "remorse"),
    "surprise": ("surprise", "realization", "confusion", "curiosity"),
    "neutral": ("neutral",),
})  # fmt: skip
