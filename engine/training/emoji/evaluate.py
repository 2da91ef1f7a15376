"""E1, E2 and E3 of docs/results.md. Each function returns a dict of figures with its floors beside them."""

from __future__ import annotations

import random
from pathlib import Path

import emoji as emoji_library
import numpy as np

from engine.affect import Affect
from engine.encoders.base import EmojiEncoder
from engine.encoders.emoji_keys import key
from engine.encoders.emoji_names import MEMES
from engine.encoders.text import HeadedTextEncoder
from engine.training.emoji.data import PLUTCHIK, Array, read_emotag, read_folds, read_sentiment
from engine.training.emoji.features import read_features
from engine.training.emoji.model import blend_shares, counts_of, predict_emotions, predict_shares, valence_of
from engine.training.emoji.regression import pearson

Figures = dict[str, float | int | str | dict[str, float]]

#: Of the random floors and the drawn names.
SEED = 20
_OFTEN = 50


def e1(data: Path, text: HeadedTextEncoder) -> Figures:
    """EmoTag1200, leave-one-emoji-out. The held-out emoji's own tweets (valence) may be seen, its own emotions not.

    The mixture of kernels is chosen anew for each emoji by leave-one-out among the other 149.

    Returns:
        ``r`` (mean of 8), ``by_emotion``, ``n``, floors ``random`` (ratings shuffled over emoji) and ``majority`` (one rating for all).

    Raises:
        DataError: when the data are missing.
    """
    emotag, sentiment = read_emotag(data), read_sentiment(data)
    everything = read_features(data, text)
    rated = [k for k in emotag if k in everything.keys]
    seen = [k for k in sentiment if k in everything.keys]
    features, ratings = everything.of(rated), np.array([emotag[k] for k in rated])
    predicted, _ = predict_shares(everything.of(seen), counts_of(sentiment, seen), features)
    shares = blend_shares(predicted, counts_of(sentiment, rated))
    found = np.empty_like(ratings)
    for i, symbol in enumerate(rated):
        others = [k for k in rated if k != symbol]
        rows = np.array([j for j in range(len(rated)) if j != i])
        answer, _ = predict_emotions(features.of(others), shares[rows], ratings[rows], features.of([symbol]), shares[i : i + 1])
        found[i] = answer[0]
    by_emotion = {name: pearson(found[:, j], ratings[:, j]) for j, name in enumerate(PLUTCHIK)}
    shuffled = ratings[np.random.default_rng(SEED).permutation(len(ratings))]
    return {
        "task": "E1 EmoTag1200, leave one emoji out",
        "n": len(ratings),
        "r": float(np.mean(list(by_emotion.values()))),
        "by_emotion": by_emotion,
        "random": float(np.mean([pearson(shuffled[:, j], ratings[:, j]) for j in range(8)])),
        "majority": 0.0,  # one answer for all has no r
    }


def e2(data: Path, text: HeadedTextEncoder) -> Figures:
    """Valence by data/queries/e2_folds.csv: an emoji of the fold is unseen in every source of ratings.

    Returns:
        ``r`` over all emoji; ``r_often`` over those with 50 annotations or more; ``r_weighted`` with annotations as weights; ``ceiling``,
        the r of the ratings with ratings drawn anew from the same shares; floors ``random`` and ``majority`` (mean of the training folds).

    Raises:
        DataError: when the data are missing.
    """
    folds, sentiment = read_folds(data), read_sentiment(data)
    everything = read_features(data, text)
    keys = [k for k in sentiment if k in everything.keys]
    features, counts = everything.of(keys), counts_of(sentiment, keys)
    fold = np.array([folds[k][1] if k in folds else -1 for k in keys])
    found, majority = np.full(len(keys), np.nan), np.full(len(keys), np.nan)
    for number in sorted({f for _, f in folds.values()}):
        test, train = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        shares, _ = predict_shares(features.of([keys[i] for i in train]), counts[train], features.of([keys[i] for i in test]))
        found[test] = valence_of(shares)
        majority[test] = valence_of(counts[train] / counts[train].sum(axis=1, keepdims=True)).mean()
    asked = np.flatnonzero(fold >= 0)
    truth = np.array([folds[keys[i]][0] for i in asked])
    total, predicted = counts[asked].sum(axis=1), found[asked]
    often = total >= _OFTEN
    rng = np.random.default_rng(SEED)
    return {
        "task": "E2 valence, 5 folds, emoji of a fold unseen in any source",
        "n": len(asked),
        "r": pearson(predicted, truth),
        "n_often": int(often.sum()),
        "r_often": pearson(predicted[often], truth[often]),
        "r_weighted": pearson(predicted, truth, total),
        "ceiling": _ceiling(counts[asked], truth, rng),
        "random": pearson(rng.permutation(truth), truth),
        "majority": pearson(majority[asked], truth),
    }


def _ceiling(counts: Array, truth: Array, rng: np.random.Generator, draws: int = 50) -> float:
    """Mean r of the ratings with ratings of as many new annotations drawn from the measured shares: no predictor is likely to do better."""
    total = counts.sum(axis=1)
    shares = counts / total[:, None]
    drawn = [rng.multinomial(total.astype(np.int64), shares) / total[:, None] for _ in range(draws)]
    return float(np.mean([pearson(valence_of(d), truth) for d in drawn]))


def e3(encoder: EmojiEncoder) -> Figures:
    """Share of all emoji that get a valid affect: every sequence of the `emoji` library in every spelling, and custom emoji by name.

    Returns:
        ``share`` (goal 1.0), ``n``, ``custom`` (the same for custom emoji), and ``distinct``, the number of different VAD points.
    """
    rng = random.Random(SEED)  # noqa: S311 - names for a test, not secrets
    sequences = list(emoji_library.EMOJI_DATA)
    names = [*MEMES, *(f"pepe{word.capitalize()}" for word in MEMES), *("".join(rng.choices("abcxyz_09", k=8)) for _ in range(10))]
    custom = [f"<:{name}:{i + 1}>" for i, name in enumerate(names)]
    valid = [_valid(a) for a in encoder.encode_raw(sequences)]
    valid_custom = [_valid(a) for a in encoder.encode_raw(custom)]
    points = {tuple(np.round(a.vad, 3)) for a in encoder.encode_raw(sorted({key(s) for s in sequences}))}
    return {
        "task": "E3 every RGI emoji and custom emoji by name",
        "n": len(valid),
        "share": float(np.mean(valid)),
        "n_custom": len(valid_custom),
        "custom": float(np.mean(valid_custom)),
        "distinct": len(points),
        "random": 0.0,
        "majority": 0.0,
    }


def _valid(affect: Affect) -> bool:
    """An Affect validates itself when built; what remains to ask is whether it says anything at all."""
    return bool(affect.emoji.max() > 1.5 * affect.emoji.min() and np.isfinite(affect.vad).all())
