"""Batches, rates and losses of the joint tuning, and a killed run that goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.encoders.backbone import Backbone, BertShape
from engine.training.text import trunk
from engine.training.text.trunk import SOURCES, Plan, Rows, Stage, Trunk, schedule, tune


def rows_of(n: int) -> Rows:
    return Rows([[101, *range(1000, 1000 + 1 + i % 7), 102] for i in range(n)], np.zeros((n, 28), dtype=np.float32))


def test_a_schedule_holds_every_row_as_often_as_asked() -> None:
    rows = {"goemotions": rows_of(50), "moods": rows_of(21)}
    batches = schedule(rows, Stage({"goemotions": 2.0, "moods": 1.0}, rate=1e-4), batch=8, seed=1)
    assert all(0 < len(batch) <= 8 for batch in batches)
    counts: dict[tuple[int, int], int] = {}
    for batch in batches:
        for row in batch:
            counts[row] = counts.get(row, 0) + 1
    assert counts == {**{(0, i): 2 for i in range(50)}, **{(SOURCES.index("moods"), i): 1 for i in range(21)}}
    assert batches == schedule(rows, Stage({"goemotions": 2.0, "moods": 1.0}, rate=1e-4), batch=8, seed=1)


def test_half_an_epoch_is_half_the_rows() -> None:
    assert sum(len(b) for b in schedule({"moods": rows_of(40)}, Stage({"moods": 0.5}, rate=1e-4), batch=8, seed=1)) == 20


def test_the_rate_rises_and_falls() -> None:
    stage = Stage({}, rate=1.0, end=0.25, warmup=0.1)
    factors = [trunk._factor(step, 100, stage) for step in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert max(factors) == pytest.approx(1.0)
    assert factors[-1] == pytest.approx(0.25, abs=0.02)


def test_a_row_counts_only_in_the_loss_of_its_source() -> None:
    torch.manual_seed(0)
    small = Trunk(Backbone(BertShape(vocabulary=30, positions=8, width=12, layers=1, heads=2, inner=24))).eval()
    pooled, target = torch.randn(4, 12), torch.zeros(4, 28)
    for source, head in enumerate(("emotions", "ratings", "tweets", "moods")):
        small.zero_grad()
        if head == "moods":  # NaN, undefined, leaves the loss and its gradient finite
            target[3, :3] = torch.tensor([0.5, float("nan"), -0.5])
        small.losses(pooled, np.full(4, source), target, [1.0] * 4).backward()
        touched = {n.split(".")[0] for n, p in small.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
        assert touched == {head}


def test_a_run_goes_on_where_it_stopped_and_only_layers_move(tmp_path: Path, shared_data: Path) -> None:
    first = Plan(stages=(Stage({"moods": 0.01}, rate=1e-3),), batch=16)
    tuned = tune(first, tmp_path, workers=1)
    published = trunk.load_backbone()
    assert torch.equal(tuned.backbone.word.weight, published.word.weight)
    assert not torch.equal(tuned.backbone.layers[5].out.weight, published.layers[5].out.weight)
    never = Stage({"goemotions": 1.0}, rate=float("nan"))  # would fail at once, were the finished stage run again
    further = tune(Plan(stages=(never, Stage({"moods": 0.005}, rate=1e-3)), batch=16), tmp_path, workers=1)
    assert not torch.equal(further.backbone.layers[5].out.weight, tuned.backbone.layers[5].out.weight)
    assert torch.isfinite(further.backbone.layers[5].out.weight).all()
    assert torch.load(tmp_path / "trunk.pt", weights_only=True)["stage"] == 2
