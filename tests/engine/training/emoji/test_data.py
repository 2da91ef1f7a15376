from pathlib import Path

import emoji
import numpy as np
import pytest

from engine.affect import EMOJI
from engine.encoders.emoji_keys import key
from engine.errors import DataError
from engine.training.emoji.data import Tally, read_emotag, read_folds, read_labels, read_order, read_prior, read_sentiment


def test_the_62_and_every_rgi_emoji_have_a_label(shared_data: Path) -> None:
    labels = read_labels(shared_data)
    assert {*EMOJI} <= {*labels}
    assert {key(s) for s in emoji.EMOJI_DATA} <= {*labels}
    assert all(label.name for label in labels.values())
    assert labels["🔥"].sentence.startswith("fire: ")


def test_ratings(shared_data: Path) -> None:
    emotag, sentiment = read_emotag(shared_data), read_sentiment(shared_data)
    assert len(emotag) == 150
    assert all(row.shape == (8,) and row.min() >= 0 and row.max() <= 1 for row in emotag.values())
    assert min(t.occurrences for t in sentiment.values()) >= 5
    assert all(-1 <= t.valence <= 1 for t in sentiment.values())


def test_e2_folds_agree_with_the_ranking(shared_data: Path) -> None:
    folds, sentiment = read_folds(shared_data), read_sentiment(shared_data)
    assert {fold for _, fold in folds.values()} == set(range(5))
    assert all(abs(sentiment[k].valence - valence) < 0.05 for k, (valence, _) in folds.items() if sentiment[k].occurrences > 200)


def test_order_keeps_kinds_together(shared_data: Path) -> None:
    order = read_order(shared_data)
    assert abs(order["😀"] - order["😃"]) < 3 < abs(order["😀"] - order["🌧"])


def test_anchors_are_inside_the_cube_and_of_known_emoji() -> None:
    anchors = read_prior()
    assert len(anchors) > 200
    assert all(((row > 0) & (row < 1)).all() for row in map(np.asarray, anchors.values()))
    assert {*anchors} <= {key(s) for s in emoji.EMOJI_DATA} | {"♡"}


def test_tally() -> None:
    assert Tally(1, 2, 7).valence == pytest.approx(0.6)


def test_missing_data_say_what_to_do(tmp_path: Path) -> None:
    for read in (read_emotag, read_sentiment, read_folds, read_labels, read_order):
        with pytest.raises(DataError, match="EMOJUKE_DATA"):
            read(tmp_path)
