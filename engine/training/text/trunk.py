"""Tuning the transformer layers of MiniLM on all label sources at once. The embeddings stay as published, so that they need not be shipped.

Batches mix the sources; a row counts only in the loss of its own source. Every stage has its own optimiser and linear decay; a run killed
anywhere goes on from its last checkpoint. Two worker processes of one thread each share every batch and average their gradients: on a busy
machine two threads that meet at every matrix wait for each other most of the time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn
from torch.multiprocessing.spawn import spawn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from engine.affect import EMOTIONS
from engine.encoders.backbone import Backbone, load_backbone, load_tokenizer, pad
from engine.encoders.wording import clean, unstretched
from engine.training.text import datasets

#: EmoBank's ratings bunch around 3; standardised by these (mean, deviation of its training split) before they are regressed.
EMOBANK_MEAN = (2.98, 3.04, 3.06)
EMOBANK_DEVIATION = (0.35, 0.26, 0.21)


@dataclass(frozen=True)
class Stage:
    """One stretch of training.

    Attributes:
        epochs: source → passes over it (fractions allowed).
        rate: peak learning rate of the topmost layer; a layer below gets ``layer_decay`` of it, heads ``head_rate``.
        end: share of the peak rate at the end of the linear decay.
        head_rate: peak learning rate of the heads.
        layer_decay: factor of the rate from a layer to the one below.
        warmup: share of the steps over which the rate rises.
        steps: break off after so many steps, wherever the decay has got to; default all.
    """

    epochs: dict[str, float]
    rate: float
    end: float = 0.0
    head_rate: float = 1e-3
    layer_decay: float = 0.92
    warmup: float = 0.06
    steps: int | None = None


@dataclass(frozen=True)
class Plan:
    """The whole run: stages, batch size in rows, weights of the losses, dropout, seed."""

    stages: tuple[Stage, ...]
    batch: int = 64
    weights: dict[str, float] = field(default_factory=lambda: {"goemotions": 1.0, "emobank": 0.7, "tweeteval": 0.4, "moods": 2.0})
    dropout: float = 0.1
    seed: int = 7
    max_tokens: int = 64


class Trunk(nn.Module):
    """The backbone and one linear head per source on its mean-pooled output."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone
        width = backbone.shape.width
        self.emotions = nn.Linear(width, len(EMOTIONS))
        self.ratings = nn.Linear(width, 3)
        self.tweets = nn.Linear(width, 20)
        self.moods = nn.Linear(width, 3)

    def losses(self, pooled: Tensor, source: NDArray[np.int64], target: Tensor, weights: Sequence[float]) -> Tensor:
        """Mean over rows of the weighted loss of each row's own source.

        Args:
            pooled: (b, width) float32.
            source: (b,) index into :data:`SOURCES`.
            target: (b, 28) float32; a source uses as many columns as it has.
            weights: one per source.
        """
        total = pooled.new_zeros(())
        for index in range(len(SOURCES)):
            rows = torch.from_numpy(np.flatnonzero(source == index))
            if not len(rows):
                continue
            x, y = functional.dropout(pooled[rows], 0.1, self.training), target[rows]
            if SOURCES[index] == "goemotions":
                loss = functional.binary_cross_entropy_with_logits(self.emotions(x), y, reduction="none").sum(1)
            elif SOURCES[index] == "emobank":
                loss = (self.ratings(x) - y[:, :3]).square().sum(1)
            elif SOURCES[index] == "tweeteval":
                loss = functional.cross_entropy(self.tweets(x), y[:, 0].long(), reduction="none", label_smoothing=0.05)
            else:
                known = ~y[:, :3].isnan()
                loss = ((self.moods(x) - y[:, :3].nan_to_num()).square() * known).sum(1)
            total = total + weights[index] * loss.sum()
        return total / len(source)


SOURCES = ("goemotions", "emobank", "tweeteval", "moods")


@dataclass(frozen=True)
class Rows:
    """One source, tokenised: ``ids`` (n) lists of token ids and ``target`` (n, 28) float32."""

    ids: list[list[int]]
    target: NDArray[np.float32]


def tokenised(texts: Sequence[str], max_tokens: int) -> list[list[int]]:
    """Token ids of texts as serving sees them."""
    tokenizer = load_tokenizer(max_tokens=max_tokens)
    vocabulary = tokenizer.get_vocab()
    return [e.ids for e in tokenizer.encode_batch([unstretched(clean(t), vocabulary) for t in texts])]


def load_rows(names: Sequence[str], max_tokens: int) -> dict[str, Rows]:
    """The training splits of the named sources."""
    loaded = {}
    for name in names:
        if name == "goemotions":
            emotions = datasets.goemotions("train")
            texts, target = emotions.texts, emotions.labels
        elif name == "emobank":
            ratings = datasets.emobank("train")
            texts, target = ratings.texts, (ratings.vad - np.array(EMOBANK_MEAN)) / np.array(EMOBANK_DEVIATION)
        elif name == "tweeteval":
            tweets = datasets.tweeteval("train")
            texts, target = tweets.texts, tweets.labels[:, None].astype(np.float32)
        else:
            lines = datasets.moods("train")
            texts, target = lines.texts, lines.vad
        padded = np.zeros((len(texts), len(EMOTIONS)), dtype=np.float32)
        padded[:, : target.shape[1]] = target
        loaded[name] = Rows(tokenised(texts, max_tokens), padded)
    return loaded


def schedule(rows: dict[str, Rows], stage: Stage, batch: int, seed: int) -> list[list[tuple[int, int]]]:
    """Batches of (source, row) of one stage: shuffled, bucketed by length within stretches of 40 batches, and the batches shuffled."""
    random = np.random.default_rng(seed)
    order: list[tuple[int, int]] = []
    for name, epochs in stage.epochs.items():
        n = len(rows[name].ids)
        while epochs > 0:
            order += [(SOURCES.index(name), int(i)) for i in random.permutation(n)[: round(n * min(epochs, 1.0))]]
            epochs -= 1.0
    random.shuffle(order)
    batches = []
    for start in range(0, len(order), 40 * batch):
        stretch = sorted(order[start : start + 40 * batch], key=lambda r: len(rows[SOURCES[r[0]]].ids[r[1]]))
        cut = [stretch[i : i + batch] for i in range(0, len(stretch), batch)]
        random.shuffle(cut)
        batches += cut
    return batches


def _groups(trunk: Trunk, stage: Stage) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = []
    depth = len(trunk.backbone.layers)
    for level, layer in enumerate(trunk.backbone.layers):
        rate = stage.rate * stage.layer_decay ** (depth - 1 - level)
        matrices = [p for p in layer.parameters() if p.ndim > 1]
        others = [p for p in layer.parameters() if p.ndim == 1]
        groups += [{"params": matrices, "lr": rate, "weight_decay": 0.01}, {"params": others, "lr": rate, "weight_decay": 0.0}]
    heads = [p for name, p in trunk.named_parameters() if not name.startswith("backbone.")]
    groups.append({"params": heads, "lr": stage.head_rate, "weight_decay": 0.0})
    return groups


def _factor(step: int, steps: int, stage: Stage) -> float:
    warm = max(1, round(stage.warmup * steps))
    if step < warm:
        return (step + 1) / warm
    return stage.end + (1.0 - stage.end) * (1.0 - (step - warm) / max(1, steps - warm))


def _batches(rows: dict[str, Rows], batches: list[list[tuple[int, int]]]) -> Iterator[tuple[Tensor, Tensor, NDArray[np.int64], Tensor]]:
    for members in batches:
        ids, mask = pad([rows[SOURCES[s]].ids[i] for s, i in members])
        target = torch.from_numpy(np.stack([rows[SOURCES[s]].target[i] for s, i in members]))
        yield ids, mask, np.array([s for s, _ in members]), target


def tune(plan: Plan, folder: Path, workers: int = 2, checkpoint_s: float = 240.0) -> Trunk:
    """Run the plan, or go on with it; the checkpoint lies in ``folder``.

    Args:
        plan: what to do.
        folder: where ``trunk.pt`` is kept.
        workers: processes, of one thread each, that share every batch.
        checkpoint_s: seconds between checkpoints.

    Returns:
        The tuned trunk in evaluation mode.
    """
    folder.mkdir(parents=True, exist_ok=True)
    meeting = folder / "meeting"
    meeting.unlink(missing_ok=True)
    spawn(_work, (workers, plan, folder, checkpoint_s), nprocs=workers)  # type: ignore[no-untyped-call]  # torch's own annotation is missing
    trunk = Trunk(load_backbone())
    trunk.load_state_dict(torch.load(folder / "trunk.pt", weights_only=True)["model"])
    return trunk.eval()


def _work(rank: int, workers: int, plan: Plan, folder: Path, checkpoint_s: float) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{(folder / 'meeting').absolute()}", rank=rank, world_size=workers)
    torch.manual_seed(plan.seed)
    trunk = Trunk(load_backbone(dropout=plan.dropout))
    for name, parameter in trunk.backbone.named_parameters():
        parameter.requires_grad_(name.startswith("layers."))
    state: dict[str, Any] = {"stage": 0, "step": 0, "optimiser": None}
    path = folder / "trunk.pt"
    if path.exists():
        state = torch.load(path, weights_only=True)
        trunk.load_state_dict(state["model"])
    distributed.barrier()
    torch.manual_seed(plan.seed + 1000 * (rank + 1) + state["step"])  # each worker drops out other activations
    for number, stage in enumerate(plan.stages):
        if number >= state["stage"]:
            resume = state if number == state["stage"] else {"step": 0, "optimiser": None}
            _stage(trunk, plan, number, stage, resume, path if rank == 0 else None, (rank, workers), checkpoint_s)
    distributed.destroy_process_group()


def _stage(
    trunk: Trunk,
    plan: Plan,
    number: int,
    stage: Stage,
    state: dict[str, Any],
    path: Path | None,
    place: tuple[int, int],
    checkpoint_s: float,
) -> None:
    rows = load_rows(list(stage.epochs), plan.max_tokens)
    batches = schedule(rows, stage, plan.batch, plan.seed + number)
    total = len(batches)
    groups = _groups(trunk, stage)
    base = [float(group["lr"]) for group in groups]
    optimiser = torch.optim.AdamW(groups, fused=True)
    if state["optimiser"] is not None:
        optimiser.load_state_dict(state["optimiser"])
    learned = [p for p in trunk.parameters() if p.requires_grad]
    weights = [plan.weights[name] for name in SOURCES]
    trunk.train()
    first = state["step"]
    start = saved_at = time.monotonic()
    running: float | None = None
    mine = [batch[place[0] :: place[1]] for batch in batches[first : stage.steps]]
    for step, (ids, mask, source, target) in enumerate(_batches(rows, mine), start=first):
        for group, rate in zip(optimiser.param_groups, base, strict=True):
            group["lr"] = rate * _factor(step, total, stage)
        with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            pooled = trunk.backbone.pooled(ids, mask)
        loss = trunk.losses(pooled.float(), source, target, weights)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own annotation is missing
        _average_gradients(learned, place[1])
        nn.utils.clip_grad_norm_(learned, 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        now = float(loss.detach())
        running = now if running is None else 0.98 * running + 0.02 * now
        if not math.isfinite(running):
            raise FloatingPointError(f"the loss became {running} at step {step}")
        if path is None:
            continue
        if step % 50 == 0:
            spent = time.monotonic() - start
            left = spent / (step - first + 1) * (min(total, stage.steps or total) - step)
            print(f"stage {number} step {step}/{total} loss {running:.4f} {spent:.0f} s, {left:.0f} s left", flush=True)
        if time.monotonic() - saved_at > checkpoint_s:
            _save(path, trunk, number, step + 1, optimiser)
            saved_at = time.monotonic()
    if path is not None:
        _save(path, trunk, number + 1, 0, None)


def _average_gradients(parameters: Sequence[nn.Parameter], workers: int) -> None:
    """Mean of the gradients over the workers; a head whose source a worker's share lacks counts as zero."""
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    flat = torch.cat([p.grad.reshape(-1) for p in parameters if p.grad is not None])
    distributed.all_reduce(flat)
    flat /= workers
    offset = 0
    for parameter in parameters:
        parameter.grad = flat[offset : offset + parameter.numel()].view_as(parameter)
        offset += parameter.numel()


def _save(path: Path, trunk: Trunk, stage: int, step: int, optimiser: torch.optim.Optimizer | None) -> None:
    state = {"model": trunk.state_dict(), "stage": stage, "step": step, "optimiser": optimiser.state_dict() if optimiser else None}
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


def described(plan: Plan) -> dict[str, object]:
    """The plan as plain values for the run's record."""
    return asdict(plan)


#: The run behind the shipped weights. The first two stages were broken off to fit the time there was; 1.7 passes over GoEmotions in all.
PLAN = Plan(
    stages=(
        Stage({"goemotions": 2.0, "emobank": 2.0, "tweeteval": 0.7}, rate=1e-4, end=0.5, steps=555),
        Stage({"goemotions": 2.0, "emobank": 2.0, "tweeteval": 0.5, "moods": 3.0}, rate=9e-5, end=0.0, steps=146),
        Stage({"goemotions": 1.05, "emobank": 1.0, "tweeteval": 0.25, "moods": 2.5}, rate=1e-4, end=0.0),
    )
)
