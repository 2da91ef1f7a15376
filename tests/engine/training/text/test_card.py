"""The card says what the record says, and the inferred emoji targets are distributions that make sense."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from engine.affect import EMOJI_INDEX, EMOTIONS
from engine.encoders.text import FILE, NAME
from engine.encoders.weights_io import WEIGHTS, version_of
from engine.training.text.affinity import affinity
from engine.training.text.assemble import trained_emoji, tweet_targets
from engine.training.text.card import card


def test_the_shipped_card_is_that_of_the_shipped_weights() -> None:
    record = json.loads((WEIGHTS / "text" / "record.json").read_text(encoding="utf-8"))
    assert record["version"] == version_of(NAME, [FILE])
    assert (WEIGHTS / "text" / "README.md").read_text(encoding="utf-8") == card(record)


def test_affinity_rows_are_distributions_led_by_fitting_emoji(shared_data: Path) -> None:
    table = affinity()
    assert table.shape == (28, 62)
    assert np.allclose(table.sum(1), 1.0, atol=1e-5)
    rows = list(EMOTIONS)
    for emotion, symbol, other in (("anger", "😡", "😍"), ("love", "❤", "😡"), ("grief", "😭", "😂"), ("amusement", "😂", "😭")):
        assert table[rows.index(emotion), EMOJI_INDEX[symbol]] > 5 * table[rows.index(emotion), EMOJI_INDEX[other]]


def test_fourteen_tweet_emoji_are_among_the_62(shared_data: Path) -> None:
    assert len(trained_emoji()) == 14
    targets = tweet_targets(np.arange(20))
    assert sorted(targets.sum(1).tolist()) == [0.0] * 6 + [1.0] * 14
