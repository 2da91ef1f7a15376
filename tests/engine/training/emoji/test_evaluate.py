from pathlib import Path

import numpy as np
import pytest

from engine.affect import Affect, neutral
from engine.calibration import IDENTITY
from engine.encoders.emoji import load_emoji_encoder
from engine.encoders.text import load_text_encoder, read_text_encoder
from engine.training.emoji.data import Array, read_folds, read_sentiment
from engine.training.emoji.evaluate import e2, e3
from engine.training.emoji.features import Features, read_features
from engine.training.emoji.model import SHARE_GRID, blend_shares, counts_of, predict_shares, valence_of
from engine.training.emoji.regression import pearson


def test_e3_counts_every_emoji() -> None:
    figures = e3(load_emoji_encoder(load_text_encoder()))
    assert figures["share"] == figures["custom"] == 1.0
    assert int(str(figures["n"])) > 5000


def test_e3_does_not_count_an_affect_that_says_nothing() -> None:
    class Mute:
        version, map = "mute", IDENTITY

        def encode_raw(self, emoji: list[str]) -> list[Affect]:
            return [neutral() for _ in emoji]

        encode = encode_raw

    assert e3(Mute())["share"] == 0.0


def test_blended_shares_follow_the_evidence() -> None:
    predicted = np.tile([0.2, 0.3, 0.5], (3, 1))
    counts: Array = np.array([[0, 0, 0], [10, 0, 0], [10_000, 0, 0]], dtype=np.float64)
    found = blend_shares(predicted, counts)
    assert np.allclose(found.sum(axis=1), 1.0)
    assert np.allclose(found[0], predicted[0])
    assert found[0, 0] < found[1, 0] < found[2, 0]
    assert found[2, 0] > 0.99


@pytest.fixture(scope="module")
def rated(shared_data: Path) -> tuple[Features, Array, Array]:
    folds, sentiment = read_folds(shared_data), read_sentiment(shared_data)
    everything = read_features(shared_data, read_text_encoder())
    keys = [k for k in folds if sentiment[k].occurrences >= 30 and k in everything.keys]
    return everything.of(keys), counts_of(sentiment, keys), np.array([folds[k][1] for k in keys])


def test_valence_of_unseen_emoji_is_predicted_far_above_chance(rated: tuple[Features, Array, Array]) -> None:
    features, counts, fold = rated
    test, train = np.flatnonzero(fold == 0), np.flatnonzero(fold != 0)
    asked = features.of([features.keys[i] for i in test])
    shares, chosen = predict_shares(features.of([features.keys[i] for i in train]), counts[train], asked)
    assert chosen in SHARE_GRID
    assert np.allclose(shares.sum(axis=1), 1.0)
    assert pearson(valence_of(shares), valence_of(counts[test] / counts[test].sum(axis=1, keepdims=True))) > 0.5


def test_ratings_of_the_asked_do_not_leak(rated: tuple[Features, Array, Array]) -> None:
    features, counts, fold = rated
    test, train = np.flatnonzero(fold == 1), np.flatnonzero(fold != 1)
    known, asked = features.of([features.keys[i] for i in train]), features.of([features.keys[i] for i in test])
    first, _ = predict_shares(known, counts[train], asked, SHARE_GRID[:1])
    counts[test] = 1.0
    again, _ = predict_shares(known, counts[train], asked, SHARE_GRID[:1])
    assert np.array_equal(first, again)


def test_e2_has_its_floors_and_its_ceiling(shared_data: Path) -> None:
    figures = e2(shared_data, read_text_encoder())
    assert figures["n"] == 615
    assert abs(float(str(figures["random"]))) < 0.15
    assert float(str(figures["majority"])) < 0.15
    assert 0.4 < float(str(figures["r"])) < float(str(figures["ceiling"])) < 1.0
