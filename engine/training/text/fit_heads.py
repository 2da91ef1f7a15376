"""Fitting the VAD network and the 62-emoji head on the frozen, tuned trunk: minutes of one core, from cached sentence vectors.

The VAD point serves several masters at once, so its loss has three parts: on GoEmotions the nearest reference points must stay those of
the Ekman group the sharpened emotions point at (soft nearest neighbour; asking for the true group instead cost 0.04 of T2 on dev, for it
overrides the rare emotions); on EmoBank each axis must correlate with the readers' ratings; on our own lines it must lie where they say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.affect import EKMAN, EMOTIONS, N_EMOJI, FloatArray
from engine.encoders.text_heads import TextHeads

#: (28, 7) 1 where the emotion is in the group, columns as :data:`engine.affect.EKMAN`.
GROUPS: FloatArray = np.array([[name in members for members in EKMAN.values()] for name in EMOTIONS], dtype=np.float32)


@dataclass(frozen=True)
class Vectors:
    """Pooled vectors of one source: ``pooled`` (n, 384), ``loud`` (n,), ``target`` (n, k) float32."""

    pooled: Tensor
    loud: Tensor
    target: Tensor


@dataclass(frozen=True)
class HeadPlan:
    """Weights of the losses and the length of the fit; chosen on the development splits."""

    steps: int = 1000
    rate: float = 3e-3
    batch: int = 512
    nearest: float = 4.0
    correlation: float = 1.0
    moods: float = 30.0
    temperature: float = 0.015
    decay: float = 0.05
    seed: int = 11


def nearest_group_loss(vad: Tensor, references: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Minus log of the probability that the nearest reference point is of a true group, under a softmax over minus squared distances.

    Args:
        vad: (n, 3).
        references: (28, 3).
        labels: (n, 28) of 0 and 1.
        temperature: of the softmax, in squared VAD units.
    """
    groups = torch.from_numpy(GROUPS)
    near = (-torch.cdist(vad, references).square() / temperature).softmax(1) @ groups
    truth = (labels @ groups > 0).float()
    return -(near * truth).sum(1).clamp(min=1e-6).log().mean()


def correlation_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Three minus the sum of Pearson's r over the three axes of (n, 3) points."""
    x, y = predicted - predicted.mean(0), target - target.mean(0)
    r = (x * y).sum(0) / (x.norm(dim=0) * y.norm(dim=0)).clamp(min=1e-6)
    loss: Tensor = 3.0 - r.sum()
    return loss


def fit_vad(heads: TextHeads, goemotions: Vectors, emobank: Vectors, moods: Vectors, plan: HeadPlan) -> None:
    """Fit ``heads.inner`` and ``heads.outer`` in place; everything else stays.

    Args:
        heads: with the linear heads already tuned.
        goemotions: its targets are not used here.
        emobank: targets (n, 3).
        moods: targets (n, 3) in [-1, 1], NaN where undefined; may have no rows.
        plan: weights and length.
    """
    torch.manual_seed(plan.seed)
    nn.init.zeros_(heads.outer.weight)
    nn.init.zeros_(heads.outer.bias)
    nn.init.kaiming_uniform_(heads.inner.weight, a=5**0.5)
    learned = [*heads.inner.parameters(), *heads.outer.parameters()]
    optimiser = torch.optim.AdamW(learned, lr=plan.rate, weight_decay=plan.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.rate, total_steps=plan.steps, pct_start=0.1)
    for _ in range(plan.steps):
        rows = torch.randint(len(goemotions.pooled), (plan.batch,))
        vad, expected = _point(heads, goemotions, rows)
        pointed_at = functional.one_hot(torch.cdist(expected, heads.references).argmin(1), len(EMOTIONS)).float()
        loss = plan.nearest * nearest_group_loss(vad, heads.references, pointed_at, plan.temperature)
        rows = torch.randint(len(emobank.pooled), (plan.batch,))
        loss = loss + plan.correlation * correlation_loss(_point(heads, emobank, rows)[0], emobank.target[rows])
        if len(moods.pooled):
            rows = torch.randint(len(moods.pooled), (plan.batch,))
            target = moods.target[rows]
            known = ~target.isnan()
            off = _point(heads, moods, rows)[0] - (0.5 + 0.42 * target.nan_to_num())
            loss = loss + plan.moods * (off.square() * known).sum() / known.sum().clamp(min=1)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own annotation is missing
        optimiser.step()
        schedule.step()
    for parameter in learned:
        parameter.grad = None


def fit_linear(heads: TextHeads, sources: dict[str, Vectors], steps: int = 1500, batch: int = 512, seed: int = 10) -> None:
    """Fit the four linear heads in place on vectors of a backbone that was not tuned for them.

    Args:
        heads: of the vectors' width.
        sources: goemotions (28 labels), emobank (3 ratings on the scale 1 to 5), moods (3 in [-1, 1], NaN where undefined) and
            tweet_labels (one column, 0 to 19).
        steps: gradient steps.
        batch: rows of each source in a step.
        seed: of the sampling.
    """
    torch.manual_seed(seed)
    learned = [p for name in ("emotions", "ratings", "moods", "tweets") for p in getattr(heads, name).parameters()]
    optimiser = torch.optim.AdamW(learned, lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps, pct_start=0.1)
    ratings = sources["emobank"].target
    middle, spread = ratings.mean(0), ratings.std(0).clamp(min=1e-6)
    for _ in range(steps):
        rows = {name: torch.randint(len(source.pooled), (batch,)) for name, source in sources.items()}
        x = {name: functional.dropout(source.pooled[rows[name]], 0.1, training=True) for name, source in sources.items()}
        y = {name: source.target[rows[name]] for name, source in sources.items()}
        known = ~y["moods"].isnan()
        loss = 28.0 * functional.binary_cross_entropy_with_logits(heads.emotions(x["goemotions"]), y["goemotions"])
        loss = loss + functional.mse_loss(heads.ratings(x["emobank"]), (y["emobank"] - middle) / spread)
        loss = loss + ((heads.moods(x["moods"]) - y["moods"].nan_to_num()).square() * known).mean()
        loss = loss + functional.cross_entropy(heads.tweets(x["tweet_labels"]), y["tweet_labels"][:, 0].long())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    for parameter in learned:
        parameter.grad = None


def _point(heads: TextHeads, source: Vectors, rows: Tensor) -> tuple[Tensor, Tensor]:
    """The (n, 3) point under dropout, loudness apart, and the (n, 3) expected reference point it starts from."""
    pooled = functional.dropout(source.pooled[rows], 0.1, training=True)
    with torch.no_grad():
        logits, ratings, moods = heads.emotions(pooled), heads.ratings(pooled), heads.moods(pooled)
    return heads.point(pooled, logits, ratings, moods, source.loud[rows] * 0.0), heads.expected(logits)


def fit_emoji(heads: TextHeads, sources: list[tuple[Vectors, float]], steps: int = 800, batch: int = 1024, seed: int = 12) -> None:
    """Fit ``heads.emoji`` in place to soft targets by cross-entropy.

    Args:
        heads: with everything else fitted: the head sees emotions and VAD too.
        sources: vectors with targets (n, 62) on the simplex, and the weight of each source.
        steps: gradient steps.
        batch: rows of each source in a step.
        seed: of the sampling.
    """
    torch.manual_seed(seed)
    prepared = []
    for source, weight in sources:
        with torch.inference_mode():
            logits = heads.emotions(source.pooled)
            vad = heads.point(source.pooled, logits, heads.ratings(source.pooled), heads.moods(source.pooled), source.loud)
            seen = torch.cat([source.pooled, logits / 4.0, 4.0 * (vad - 0.5)], dim=1)
        prepared.append((seen.clone(), source.target, weight))
    nn.init.zeros_(heads.emoji.weight)
    nn.init.zeros_(heads.emoji.bias)
    optimiser = torch.optim.AdamW(heads.emoji.parameters(), lr=5e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=steps, pct_start=0.1)
    for _ in range(steps):
        loss = torch.zeros(())
        for seen, target, weight in prepared:
            rows = torch.randint(len(seen), (batch,))
            x = functional.dropout(seen[rows], 0.1, training=True)
            loss = loss + weight * functional.cross_entropy(heads.emoji(x), target[rows])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own annotation is missing
        optimiser.step()
        schedule.step()
    for parameter in heads.emoji.parameters():
        parameter.grad = None


def emoji_targets(emotions: Tensor, affinity: FloatArray, chosen: Tensor | None = None, share: float = 0.5) -> Tensor:
    """(n, 62) soft targets: the emoji that go with the emotions, and where given those that were chosen.

    Args:
        emotions: (n, 28) non-negative weights of the emotions.
        affinity: (28, 62) P(emoji | emotion).
        chosen: (n, 62) on the simplex, rows of zeros where nobody chose.
        share: of the chosen emoji in rows that have them.
    """
    weights = emotions / emotions.sum(1, keepdim=True).clamp(min=1e-6)
    inferred = weights @ torch.from_numpy(affinity)
    if chosen is None:
        return inferred
    has = chosen.sum(1, keepdim=True).clamp(max=1.0) * share
    mixed = (1.0 - has) * inferred + share * chosen
    if mixed.shape[1] != N_EMOJI:
        raise ValueError(f"targets must have {N_EMOJI} columns, not {mixed.shape[1]}")
    return mixed
