"""What a clip should score, from each kind of label."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.training.audio.datasets import Clip
from engine.training.audio.targets import QUADRANT_POINTS, SCALES, build_targets, emoji_targets, spread_words
from tests.engine.training.audio.making import EMOJI_VAD


def _clip(**labels: object) -> Clip:
    return Clip("deam", "1", Path("1.opus"), 0, 0.0, "a", "t", **labels)  # type: ignore[arg-type]  # keywords of Clip by name


def test_ratings_are_standardised_and_missing_ones_stay_missing() -> None:
    targets = build_targets([_clip(dynamic=(0.25, -0.3), static=(5.0, 6.3)), _clip(quadrant=0)], {}, EMOJI_VAD)
    np.testing.assert_allclose(targets.dynamic[0], [1.0, -1.0], atol=1e-6)
    np.testing.assert_allclose(targets.static[0], [0.0, 1.0], atol=1e-6)
    assert np.isnan(targets.dynamic[1]).all()
    assert targets.quadrant.tolist() == [-1, 0]
    assert set(SCALES) == {"dynamic", "static"}


def test_the_product_point_follows_the_ratings_and_the_quadrants() -> None:
    clips = [_clip(dynamic=(-0.4, -0.4)), _clip(dynamic=(0.0, 0.0)), _clip(dynamic=(0.4, 0.4)), *[_clip(quadrant=q) for q in range(4)]]
    vad = build_targets(clips, {}, EMOJI_VAD).vad
    assert (np.diff(vad[:3, :2], axis=0) > 0.1).all()
    np.testing.assert_allclose(vad[1, :2], 0.5)
    np.testing.assert_allclose(vad[3:], QUADRANT_POINTS, atol=1e-6)


def test_mood_words_move_a_clip_from_its_quadrants_point() -> None:
    words = {"calm": np.array([0.7, 0.1, 0.6], np.float32), "sad": np.array([0.1, 0.3, 0.2], np.float32)}
    plain, moved = build_targets([_clip(quadrant=3), _clip(quadrant=3, moods=("calm", "unheard of"))], words, EMOJI_VAD).vad
    np.testing.assert_allclose(moved, 0.7 * plain + 0.3 * words["calm"], atol=1e-6)


def test_spread_words_keep_their_order_and_fill_the_cube() -> None:
    words = {name: np.array([v, v, 1 - v], np.float32) for name, v in (("a", 0.45), ("b", 0.5), ("c", 0.52))}
    spread = spread_words(words)
    assert spread["a"][0] < spread["b"][0] < spread["c"][0]
    assert spread["a"][2] > spread["c"][2]
    assert np.stack(list(spread.values())).std(axis=0) == pytest.approx([0.25] * 3, abs=1e-5)


def test_the_nearest_emoji_is_the_likeliest() -> None:
    p = emoji_targets(EMOJI_VAD[[5, 40]], EMOJI_VAD)
    assert p.argmax(axis=1).tolist() == [5, 40]
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-5)
