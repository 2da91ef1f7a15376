"""The table that serving loads: every RGI emoji's raw affect, from measured and predicted ratings and our own anchors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.affect import EMOJI, FloatArray
from engine.encoders.text import HeadedTextEncoder
from engine.training.emoji.data import Array, read_emotag, read_prior, read_sentiment
from engine.training.emoji.features import Features, read_features
from engine.training.emoji.model import blend_shares, counts_of, predict_emotions, predict_shares, valence_of
from engine.training.emoji.profile import affinity, nrc_valence, vad_of_emotions
from engine.training.emoji.regression import Mixture, kernel, predict

#: How much of an emoji's emotions is EmoTag's rating where it has one; the rest is what its likes suggest.
_EMOTAG_SHARE = 0.85
#: Annotations that EmoTag's raters are worth beside the tweets, and our anchor beside both, when valence is blended. An anchor says what
#: an emoji asks of music; tweets say whom it mocks (😂) or who is bored (😴). Only a face seen in thousands of tweets outweighs it.
_EMOTAG_WORTH = 100.0
_ANCHOR_WORTH = 1500.0
#: Share of our anchor in arousal and dominance, which nobody rated.
_ANCHOR_SHARE = 0.8
#: Share of the text encoder's reading of the label in arousal and dominance before the anchors; the rest comes from the emotions.
_TEXT_SHARE = 0.35
#: Noise of an anchor, relative to the variance of what anchors correct, when the correction is spread to emoji without one.
_ANCHOR_NOISE = 0.3
#: The same similarity that predicts emotions spreads the anchors.
_SPREAD = Mixture(frozen=1.0, tuned=1.0, rank=0.5, shares=0.0, noise=0.0, nugget=_ANCHOR_NOISE)
#: Widths of the affinity to an emoji of the 62 along an emotion: for emoji rated for emotions, and for the rest, whose emotions are vague.
_RATED_WIDTH = 0.35
_VAGUE_WIDTH = 0.5


@dataclass(frozen=True, slots=True)
class Table:
    """Of n emoji.

    Attributes:
        keys: n keys.
        vad: (n, 3) raw VAD in NRC units.
        emoji: (n, 62) probabilities.
        emotions: (n, 8) Plutchik's emotions, measured and predicted blended.
        measured: how many of the n have ratings of their own, by source.
        mixtures: what leave-one-out chose for shares and emotions.
    """

    keys: tuple[str, ...]
    vad: Array
    emoji: FloatArray
    emotions: Array
    measured: Mapping[str, int]
    mixtures: tuple[Mixture, Mixture]


def build(data: Path, text: HeadedTextEncoder) -> Table:
    """Compute the table.

    Raises:
        DataError: when the data are missing.
    """
    emotag, sentiment, anchors = read_emotag(data), read_sentiment(data), read_prior()
    features = read_features(data, text)
    keys = features.keys
    at = {k: i for i, k in enumerate(keys)}
    seen, rated, anchored = ([k for k in source if k in at] for source in (sentiment, emotag, anchors))

    predicted, share_mixture = predict_shares(features.of(seen), counts_of(sentiment, seen), features)
    counts = counts_of(sentiment, keys)
    shares = blend_shares(predicted, counts)

    rows = np.array([at[k] for k in rated])
    ratings = np.array([emotag[k] for k in rated])
    emotions, emotion_mixture = predict_emotions(features.of(rated), shares[rows], ratings, features, shares)
    emotions[rows] = _EMOTAG_SHARE * ratings + (1.0 - _EMOTAG_SHARE) * emotions[rows]

    vad = vad_of_emotions(emotions)
    vad[:, 0] = 0.5 * vad[:, 0] + 0.5 * nrc_valence(valence_of(shares))
    vad[:, 1:] = (1.0 - _TEXT_SHARE) * vad[:, 1:] + _TEXT_SHARE * features.text_vad[:, 1:]
    evidence = counts.sum(axis=1) + _EMOTAG_WORTH * np.isin(np.arange(len(keys)), rows)
    vad = anchor(vad, features, evidence, {at[k]: anchors[k] for k in anchored})

    width = np.where(np.isin(np.arange(len(keys)), rows), _RATED_WIDTH, _VAGUE_WIDTH)
    probabilities = affinity(vad, emotions, np.array([at[symbol] for symbol in EMOJI]), emotion_width=width)
    measured = {"EmoTag1200": len(rated), "Emoji Sentiment Ranking": len(seen), "own anchors": len(anchored)}
    return Table(keys, vad, probabilities, emotions, measured, (share_mixture, emotion_mixture))


def anchor(vad: Array, features: Features, evidence: Array, anchors: Mapping[int, Array]) -> Array:
    """Pull (n, 3) VAD towards our anchors: at an anchor by its worth against the evidence, elsewhere by similarity to anchors.

    Args:
        vad: (n, 3) before.
        features: of the n.
        evidence: (n,) annotations behind the valence.
        anchors: row → (3,) VAD.

    Returns:
        (n, 3) in [0, 1].
    """
    rows = np.array(list(anchors))
    targets = np.array(list(anchors.values()))
    known = features.of([features.keys[i] for i in rows])
    scale = kernel(_SPREAD, known, known).diagonal().mean()
    similar, across = kernel(_SPREAD, known, known) / scale, kernel(_SPREAD, features, known) / scale
    correction = predict(similar, across, targets - vad[rows], np.full(len(rows), _ANCHOR_NOISE), np.zeros(3))
    correction[:, 0] *= _ANCHOR_WORTH / (_ANCHOR_WORTH + evidence)
    pulled = vad + correction
    share = np.full((len(rows), 3), _ANCHOR_SHARE)
    share[:, 0] = _ANCHOR_WORTH / (_ANCHOR_WORTH + evidence[rows])
    pulled[rows] = (1.0 - share) * vad[rows] + share * targets
    return np.clip(pulled, 0.0, 1.0)


def nearest(table: Table, symbol: str, among: Sequence[str], n: int = 5) -> list[str]:
    """The ``n`` emoji of ``among`` whose VAD is nearest to that of ``symbol``, itself left out: for a look by eye and the card."""
    at = {k: i for i, k in enumerate(table.keys)}
    others = [k for k in among if k != symbol]
    gap = np.square(table.vad[[at[k] for k in others]] - table.vad[at[symbol]]).sum(axis=1)
    return [others[i] for i in np.argsort(gap, kind="stable")[:n]]
