"""The figures on cases small enough to count by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.affect import EKMAN, EMOTIONS
from engine.encoders.text import read_text_encoder
from engine.training.text import evaluate
from engine.training.text.fit_heads import GROUPS, correlation_loss, emoji_targets, nearest_group_loss

NAMES = list(EMOTIONS)
REFERENCES = np.array(list(EMOTIONS.values()), dtype=np.float32)


def test_every_emotion_is_in_one_group() -> None:
    assert (GROUPS.sum(1) == 1).all()
    assert [NAMES[i] for i in np.flatnonzero(GROUPS[:, list(EKMAN).index("fear")])] == ["fear", "nervousness"]


def test_thresholds_are_the_best_there_are() -> None:
    probability = np.array([[0.9], [0.8], [0.4], [0.3]], dtype=np.float32)
    labels = np.array([[1], [1], [0], [1]], dtype=np.float32)
    threshold = evaluate.best_thresholds(probability, labels)[0]
    scores = {t: evaluate.multilabel_macro_f1(labels, probability > t) for t in (0.1, 0.35, 0.6, 0.85)}
    assert evaluate.multilabel_macro_f1(labels, probability > threshold) == max(scores.values())
    assert evaluate.best_thresholds(probability, np.zeros_like(labels))[0] == 0.5


def test_macro_f1_counts_a_class_never_predicted_as_nothing() -> None:
    labels = np.array([[1, 0], [1, 1]])
    assert evaluate.multilabel_macro_f1(labels, np.array([[1, 0], [1, 0]])) == 0.5


def test_the_reference_points_are_their_own_group() -> None:
    assert (evaluate.nearest_group(REFERENCES) == GROUPS.argmax(1)).all()


def test_t2_counts_right_over_all_and_precision_per_group() -> None:
    labels = np.zeros((4, 28), dtype=np.float32)
    for row, name in enumerate(("joy", "joy", "fear", "neutral")):
        labels[row, NAMES.index(name)] = 1.0
    given = REFERENCES[[NAMES.index(name) for name in ("love", "fear", "nervousness", "neutral")]]
    figures = evaluate.t2(given, labels)
    assert figures["micro"] == 0.75
    assert figures["macro"] == pytest.approx((1.0 + 0.5 + 1.0) / 7)
    assert figures["distinct_points"] == 4


def test_t3_is_one_on_a_line_and_t4_counts_classes(shared_data: Path) -> None:
    rated = np.random.default_rng(0).random((50, 3)).astype(np.float32)
    assert evaluate.t3(0.2 + 0.1 * rated, rated)["arousal"] == pytest.approx(1.0, abs=1e-4)
    labels = np.arange(20).repeat(2)
    assert evaluate.t4(np.eye(20, dtype=np.float32)[labels], labels)["macro_f1"] == 1.0


def test_t6_reports_both_parts_and_never_shows_what_is_only_run(shared_data: Path) -> None:
    figures = evaluate.t6(read_text_encoder(), np.full(3, 0.5, dtype=np.float32), show=True)
    assert set(figures["look"]) == set(figures["run"])
    assert all(0.0 <= share <= 1.0 for part in ("look", "run") for share in figures[part].values())
    shown = {miss.split(": ")[0] for miss in figures["misses_look"]}
    rows = (shared_data / "queries" / "phrases.csv").read_text(encoding="utf-8").splitlines()
    assert all(any(text in row and row.endswith(",look") for row in rows) for text in shown)
    assert 0.4 < evaluate.majority_side() < 0.8


def test_t5_times_the_whole_and_the_bare_forward() -> None:
    figures = evaluate.t5(read_text_encoder(), ["hello there", "sad"], rounds=3)
    assert figures["n"] == 6
    assert 0.0 < figures["median_ms"] <= figures["p99_ms"]
    assert figures["ratio_median"] == pytest.approx(figures["median_ms"] / figures["bare_median_ms"])


def test_the_losses_prefer_the_right_point() -> None:
    labels = torch.zeros(1, 28)
    labels[0, NAMES.index("joy")] = 1.0
    references = torch.from_numpy(REFERENCES)
    near, far = (references[[NAMES.index(n)]] for n in ("joy", "sadness"))
    assert nearest_group_loss(near, references, labels, 0.03) < 0.1 < nearest_group_loss(far, references, labels, 0.03)
    target = torch.rand(30, 3)
    assert float(correlation_loss(2 * target + 1, target)) == pytest.approx(0.0, abs=1e-4)
    assert float(correlation_loss(-target, target)) == pytest.approx(6.0, abs=1e-4)


def test_emoji_targets_stay_on_the_simplex() -> None:
    affinity = np.random.default_rng(0).dirichlet(np.ones(62), 28).astype(np.float32)
    chosen = torch.zeros(2, 62)
    chosen[0, 5] = 1.0
    targets = emoji_targets(torch.rand(2, 28), affinity, chosen, 0.7)
    assert torch.allclose(targets.sum(1), torch.ones(2), atol=1e-5)
    assert targets[0, 5] >= 0.7
