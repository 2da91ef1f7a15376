"""T1 to T6 of evaluation.md as plain functions. Each returns figures and floors as a dict; none of them chooses anything on test data."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from engine.affect import AXES, EKMAN, EMOTIONS, FloatArray
from engine.encoders.backbone import pad
from engine.encoders.text import HeadedTextEncoder, TunedTextEncoder
from engine.errors import DataError
from engine.settings import data_dir
from engine.training.evaluation.metrics import macro_f1, pearson
from engine.training.text import datasets
from engine.training.text.fit_heads import GROUPS

Figures = dict[str, Any]

#: What the literature reports, beside which our figures stand.
PUBLISHED = {
    "T1": "BERT-base 0.46 (Demszky et al., 2020); RoBERTa-large 0.520-0.530",
    "T2": "AmbianceNet 0.559 / 0.408",
    "T3": "tuned BERTs about 0.8 / 0.55 / 0.5",
    "T4": "RoBERTa-base 0.309, BERTweet 0.334 (Barbieri et al., 2020)",
}


def best_thresholds(probability: FloatArray, labels: FloatArray) -> FloatArray:
    """One threshold per class that gives the best F1 on (n, k) development probabilities; 0.5 for a class that never occurs."""
    chosen = np.full(probability.shape[1], 0.5, dtype=np.float32)
    for c in range(probability.shape[1]):
        order = np.argsort(-probability[:, c], kind="stable")
        hits = np.cumsum(labels[order, c])
        if hits[-1] == 0:
            continue
        f1 = 2.0 * hits / (np.arange(1, len(order) + 1) + hits[-1])
        best = int(f1.argmax())
        after = probability[order[best + 1], c] if best + 1 < len(order) else 0.0
        chosen[c] = (probability[order[best], c] + after) / 2.0
    return chosen


def multilabel_macro_f1(labels: ArrayLike, predicted: ArrayLike) -> float:
    """Mean over the columns of (n, k) 0/1 arrays of F1; a class never predicted counts 0."""
    t, p = np.asarray(labels, dtype=bool), np.asarray(predicted, dtype=bool)
    hit = (t & p).sum(0)
    total = t.sum(0) + p.sum(0)
    return float(np.mean(np.where(total > 0, 2.0 * hit / np.maximum(total, 1), 0.0)))


def t1(test: FloatArray, test_labels: FloatArray, dev: FloatArray, dev_labels: FloatArray) -> Figures:
    """GoEmotions test macro-F1 over 28 classes, one threshold per class from dev.

    Args:
        test: (n, 28) probabilities on the test split.
        test_labels: (n, 28) 0 and 1.
        dev: (m, 28) probabilities on the dev split.
        dev_labels: (m, 28) 0 and 1.
    """
    random = np.random.default_rng(0)
    prior = dev_labels.mean(0)
    majority = np.zeros_like(test_labels)
    majority[:, int(prior.argmax())] = 1.0
    predicted = test > best_thresholds(dev, dev_labels)
    return {
        "macro_f1": multilabel_macro_f1(test_labels, predicted),
        "floor_random": multilabel_macro_f1(test_labels, random.random(test_labels.shape) < prior),
        "floor_majority": multilabel_macro_f1(test_labels, majority),
        "n": len(test_labels),
        "split": "GoEmotions test; thresholds from dev",
    }


def nearest_group(vad: ArrayLike) -> NDArray[np.int64]:
    """(n,) index into :data:`engine.affect.EKMAN` of the group of the nearest of the 28 reference points of (n, 3) VAD points."""
    references = np.array(list(EMOTIONS.values()), dtype=np.float64)
    points = np.asarray(vad, dtype=np.float64)
    nearest = np.square(points[:, None] - references[None]).sum(2).argmin(1)
    return np.asarray(GROUPS.argmax(1)[nearest], dtype=np.int64)


def group_scores(groups: NDArray[np.int64], labels: FloatArray) -> tuple[float, float]:
    """Micro (right / all) and macro (mean over 7 groups of tp / (tp + fp), 0 for a group never given) of predicted Ekman groups."""
    truth = labels @ GROUPS > 0
    right = truth[np.arange(len(groups)), groups]
    per_group = [float(right[groups == g].mean()) if (groups == g).any() else 0.0 for g in range(len(EKMAN))]
    return float(right.mean()), float(np.mean(per_group))


def t2(vad: FloatArray, labels: FloatArray, emotions: FloatArray | None = None) -> Figures:
    """GoEmotions by VAD on the continuous point, NRC units; beside it, where ``emotions`` (n, 28) are given, decoding by arg-max.

    Args:
        vad: (n, 3) raw VAD.
        labels: (n, 28) 0 and 1.
        emotions: (n, 28) probabilities.
    """
    random = np.random.default_rng(0)
    micro, macro = group_scores(nearest_group(vad), labels)
    commonest = int((labels @ GROUPS > 0).sum(0).argmax())
    figures: Figures = {
        "micro": micro,
        "macro": macro,
        "distinct_points": len(np.unique(np.round(vad, 3), axis=0)),
        "floor_random": group_scores(nearest_group(random.random((len(vad), 3))), labels),
        "floor_majority": group_scores(np.full(len(vad), commonest), labels),
        "n": len(vad),
        "split": "GoEmotions test",
    }
    if emotions is not None:
        figures["argmax"] = group_scores(GROUPS.argmax(1)[emotions.argmax(1)], labels)
    return figures


def t3(vad: FloatArray, rated: FloatArray) -> Figures:
    """Pearson's r of each axis of (n, 3) raw VAD with EmoBank's (n, 3) ratings. A constant and a random guess both have r = 0."""
    return {
        **{axis: pearson(rated[:, i], vad[:, i]) for i, axis in enumerate(AXES)},
        "floor_random": 0.0,
        "floor_majority": 0.0,
        "n": len(vad),
        "split": "EmoBank test",
    }


def t4(logits: FloatArray, labels: NDArray[np.int64]) -> Figures:
    """TweetEval emoji macro-F1 over 20 classes of (n, 20) logits; and apart for the 14 emoji that are among the 62."""
    random = np.random.default_rng(0)
    shared = datasets.tweeteval_emoji() >= 0
    predicted = logits.argmax(1)
    return {
        "macro_f1": macro_f1(labels, predicted, 20),
        "macro_f1_shared_14": float(np.mean([_f1(labels, predicted, int(c)) for c in np.flatnonzero(shared)])),
        "floor_random": macro_f1(labels, random.choice(labels, len(labels)), 20),
        "floor_majority": macro_f1(labels, np.full(len(labels), np.bincount(labels).argmax()), 20),
        "n": len(labels),
        "split": "TweetEval emoji test",
    }


def _f1(truth: NDArray[np.int64], predicted: NDArray[np.int64], label: int) -> float:
    hit = np.sum((truth == label) & (predicted == label))
    total = np.sum(truth == label) + np.sum(predicted == label)
    return float(2.0 * hit / total) if total else 0.0


def t6(encoder: HeadedTextEncoder, medians: FloatArray, show: bool = False) -> Figures:
    """Share of named axis sides right in `data/queries/phrases.csv`, by part and group.

    Args:
        encoder: raw VAD of a phrase is compared with the medians.
        medians: (3,) median raw VAD of the encoder over GoEmotions dev.
        show: also list the misses of the part "look"; those of "run" are never listed.
    """
    try:
        lines = (data_dir() / "queries" / "phrases.csv").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"phrases.csv cannot be read ({error.strerror})", datasets.MEND) from error
    rows = list(csv.DictReader(lines))
    above = encoder.scores([row["text"] for row in rows]).vad > medians
    tallies: dict[tuple[str, str], list[bool]] = {}
    misses = []
    for row, sides in zip(rows, above, strict=True):
        for axis, side in zip(AXES, sides, strict=True):
            if row[axis]:
                right = bool(side) == (row[axis] == "+")
                tallies.setdefault((row["part"], "all"), []).append(right)
                tallies.setdefault((row["part"], row["group"]), []).append(right)
                if not right and row["part"] == "look":
                    misses.append(f"{row['text']}: {axis} should be {row[axis]}")
    figures: Figures = {part: {g: float(np.mean(v)) for (p, g), v in tallies.items() if p == part} for part in ("look", "run")}
    figures |= {"floor_random": 0.5, "n": len(rows), "split": "phrases.csv"}
    if show:
        figures["misses_look"] = misses
    return figures


def majority_side() -> float:
    """The floor of T6: always the commoner side of each axis, over both parts."""
    rows = list(csv.DictReader((data_dir() / "queries" / "phrases.csv").read_text(encoding="utf-8").splitlines()))
    right = sum(max(sum(r[a] == "+" for r in rows), sum(r[a] == "-" for r in rows)) for a in AXES)
    return float(right / sum(bool(r[a]) for r in rows for a in AXES))


#: Lengths of real chat messages differ; these are ours, from one word to a paragraph, used in turn.
CHAT = (
    "rainy sunday, missing her",
    "so hyped for tonight!!!",
    "something calm to study to please",
    "lol",
    "i had the worst day at work, my boss yelled at me in front of everybody and i just want to lie down and listen to something soft",
    "chill lofi",
    "we got engaged yesterday and i still cannot believe it",
    "can you play a song that sounds like driving home alone at three in the morning after a party that was not even fun",
)


def t5(encoder: TunedTextEncoder, messages: Sequence[str] = CHAT, rounds: int = 40) -> Figures:
    """Milliseconds from text to affect, one message at a time: median, p99, and p99 over the median of one bare forward of the backbone.

    The bare forward runs on the same token ids in the same loop, interleaved, so that both see the same machine.
    """
    whole, bare = [], []
    token_ids = [encoder.token_ids(m) for m in messages]
    with torch.inference_mode():
        for message, ids in zip(messages, token_ids, strict=True):  # the first pass of a shape is slower
            encoder.encode([message])
            encoder.backbone(*pad([ids]))
        for _ in range(rounds):
            for message, ids in zip(messages, token_ids, strict=True):
                padded, mask = pad([ids])
                start = time.perf_counter()
                encoder.backbone(padded, mask)
                middle = time.perf_counter()
                encoder.encode([message])
                bare.append(1000.0 * (middle - start))
                whole.append(1000.0 * (time.perf_counter() - middle))
    return {
        "median_ms": float(np.median(whole)),
        "p99_ms": float(np.quantile(whole, 0.99)),
        "bare_median_ms": float(np.median(bare)),
        "bare_p99_ms": float(np.quantile(bare, 0.99)),
        "ratio_median": float(np.median(whole) / np.median(bare)),
        "ratio_p99": float(np.quantile(whole, 0.99) / np.median(bare)),
        "threads": torch.get_num_threads(),
        "n": len(whole),
    }


def evaluate_text(encoder: HeadedTextEncoder, tweets: int | None = 6000, show: bool = False) -> dict[str, Figures]:
    """T1, T2, T3, T4 and T6 of an encoder, computed as served, but for T4, which is computed in bfloat16.

    Args:
        encoder: to be measured.
        tweets: take only the first so many of TweetEval's 50,000 test rows, which the figure then says; None for all, which takes as long
            as everything else ten times over.
        show: list T6's misses of the part that may be looked at.
    """
    dev, test = datasets.goemotions("dev"), datasets.goemotions("test")
    rated, tweeted = datasets.emobank("test"), datasets.tweeteval("test")
    on_dev, on_test = encoder.scores(dev.texts), encoder.scores(test.texts)
    on_tweets = encoder.scores(tweeted.texts[:tweets], fast=True)
    figures = {
        "T1": t1(on_test.emotions, test.labels, on_dev.emotions, dev.labels),
        "T2": t2(on_test.vad, test.labels, on_test.emotions),
        "T3": t3(encoder.scores(rated.texts).vad, rated.vad),
        "T4": t4(on_tweets.tweets, tweeted.labels[:tweets]),
        "T6": t6(encoder, np.median(on_dev.vad, axis=0), show) | {"floor_majority": majority_side()},
    }
    if tweets is not None:
        figures["T4"]["split"] = f"the first {tweets:,} of TweetEval emoji test"
    for row, published in PUBLISHED.items():
        figures[row]["published"] = published
    return figures
