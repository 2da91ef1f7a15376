"""Training the perceptron and the heads on the frozen features of segments: losses, augmentation, a moving average of the weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from engine.affect import FloatArray
from engine.encoders.audio_net import EMBEDDING, AudioNet
from engine.training.audio.targets import Targets


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: passes over the segments; fixed by the folds, never by a test fold's score.
        batch: segments a step.
        rate: peak learning rate of AdamW, reached after a tenth of the steps, then falling as a cosine.
        decay: weight decay.
        dropout: on the features and on the hidden layer.
        mixup: parameter of the beta distribution mixing pairs of segments; 0 for none.
        noise: standard deviation added to the standardised features.
        distil: weight of the imitation of the teacher's features.
        soft: weight of the imitation of the teacher's predictions.
        average: decay of the moving average of the weights, per step.
        seed: of everything random.
    """

    epochs: int = 30
    batch: int = 128
    rate: float = 1e-3
    decay: float = 0.05
    dropout: float = 0.4
    mixup: float = 0.4
    noise: float = 0.1
    distil: float = 2.0
    soft: float = 4.0
    average: float = 0.995
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Corpus:
    """Everything a run trains on.

    Attributes:
        trunk: (segments, 2, 456) float32 trunk features of the windows.
        statistics: (segments, 384) float32 statistics of the bands.
        clip: (segments,) index of each segment's clip.
        targets: labels of the clips.
        teacher: (clips, k) float32 standardised features of the full MusiCNN.
        soft: (clips, s) float32 the teacher's standardised predictions.
    """

    trunk: FloatArray
    statistics: FloatArray
    clip: NDArray[np.int64]
    targets: Targets
    teacher: FloatArray
    soft: FloatArray

    def features(self, rows: NDArray[np.int64], weights: FloatArray | None = None) -> Tensor:
        """(n, 840) what the perceptron sees of segments ``rows``; ``weights`` (n, 2) of the windows, equal when ``None``."""
        windows = self.trunk[rows]
        trunk = windows.mean(axis=1) if weights is None else (windows * weights[:, :, None]).sum(axis=1)
        return torch.from_numpy(np.concatenate([trunk, self.statistics[rows]], axis=1).astype(np.float32))


class Student(nn.Module):
    """The network and the heads that only training needs."""

    def __init__(self, corpus: Corpus, recipe: Recipe) -> None:
        super().__init__()
        self.net = AudioNet(len(corpus.targets.words), dropout=recipe.dropout)
        self.teacher = nn.Linear(EMBEDDING, corpus.teacher.shape[1])
        self.soft = nn.Linear(EMBEDDING, corpus.soft.shape[1])


def fit(corpus: Corpus, clips: NDArray[np.int64], recipe: Recipe, watch: Callable[[int, AudioNet], None] | None = None) -> AudioNet:
    """Train on the segments of ``clips`` and return the averaged network in evaluation mode; its trunk stays empty.

    Args:
        watch: called with the epoch and the averaged network after every epoch.
    """
    torch.manual_seed(recipe.seed)
    rows = np.flatnonzero(np.isin(corpus.clip, clips))
    student = Student(corpus, recipe)
    student.net.trunk.requires_grad_(False)
    _normalise_input(student.net, corpus.features(rows))
    average = Student(corpus, recipe)
    average.load_state_dict(student.state_dict())
    trained = [p for p in student.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": recipe.decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=recipe.rate, betas=(0.9, 0.98))
    steps = max(1, len(rows) // recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, recipe.epochs * steps))
    ours = [p for p in average.parameters() if p.requires_grad]
    pairs = list(zip(_trainable(average), _trainable(student), strict=True))
    del ours
    for number in range(recipe.epochs):
        rng = np.random.default_rng([recipe.seed, number])
        student.train()
        order = rng.permutation(rows)
        for step in range(steps):
            loss = batch_loss(student, corpus, order[step * recipe.batch : (step + 1) * recipe.batch], recipe, rng)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(trained, 5.0)
            optimizer.step()
            schedule.step()
            keep = min(recipe.average, 1 - 1 / (number * steps + step + 2))
            with torch.no_grad():
                for mean, now in pairs:
                    mean.lerp_(now, 1 - keep)
        if watch is not None:
            watch(number + 1, average.net.eval())
    return average.net.eval()


def _trainable(student: Student) -> list[nn.Parameter]:
    return [p for name, p in student.named_parameters() if not name.startswith("net.trunk.")]


def _rate(step: int, total: int) -> float:
    warm = max(1, total // 10)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, total - warm))))


def _normalise_input(net: AudioNet, features: Tensor) -> None:
    net.mean.copy_(features.mean(dim=0))
    net.scale.copy_(1.0 / (features.std(dim=0) + 1e-3))


def batch_loss(student: Student, corpus: Corpus, rows: NDArray[np.int64], recipe: Recipe, rng: np.random.Generator) -> Tensor:
    """The weighted sum of all losses on the segments ``rows``, augmented and mixed in pairs.

    Half of the segments are heard through one window or an uneven mixture of the two.
    """
    net, t, n = student.net, corpus.targets, len(rows)
    even = rng.random(n) < 0.5
    first = np.where(even, 0.5, rng.random(n)).astype(np.float32)
    features = corpus.features(rows, np.column_stack([first, 1 - first]))
    features = features + recipe.noise * torch.from_numpy(rng.standard_normal(features.shape).astype(np.float32)) / net.scale
    pair = rng.permutation(n)
    drawn = rng.beta(recipe.mixup, recipe.mixup, n) if recipe.mixup > 0 else np.ones(n)
    share = torch.from_numpy(np.maximum(drawn, 1 - drawn).astype(np.float32))
    embedding = net.embedding(torch.lerp(features[torch.from_numpy(pair)], features, share[:, None]))
    own, partner = corpus.clip[rows], corpus.clip[rows[pair]]

    def mixed(per_clip: Callable[[NDArray[np.int64]], Tensor]) -> Tensor:
        """Mean of a per-clip loss against a segment's own labels and those of its partner."""
        return (share * per_clip(own) + (1 - share) * per_clip(partner)).mean()

    vad = net.head("vad", embedding)
    emoji_log = torch.log_softmax(net.heads["emoji"](embedding), dim=-1)
    spread = net.head("spread", embedding.detach())
    mean = vad.detach()[:, :2]
    losses = [
        mixed(lambda c: _squared(net.head("dynamic", embedding), t.dynamic[c])),
        0.5 * mixed(lambda c: _squared(net.head("static", embedding), t.static[c])),
        0.7 * mixed(lambda c: _classes(net.head("quadrant", embedding), t.quadrant[c])),
        0.5 * mixed(lambda c: _classes(net.head("cluster", embedding), t.cluster[c])),
        mixed(lambda c: _words(net.head("moods", embedding), t.moods[c])),
        25.0 * mixed(lambda c: _squared(vad, t.vad[c], t.vad_weight[c])),
        0.5 * mixed(lambda c: -(torch.from_numpy(t.emoji[c]) * emoji_log).sum(dim=1)),
        0.2 * mixed(lambda c: _likelihood(mean, spread, t.vad[c][:, :2])),
        recipe.distil * mixed(lambda c: _squared(student.teacher(embedding), corpus.teacher[c])),
        recipe.soft * mixed(lambda c: _squared(student.soft(embedding), corpus.soft[c])),
    ]
    return torch.stack(losses).sum()


def _squared(predicted: Tensor, wanted: FloatArray, weight: FloatArray | None = None) -> Tensor:
    known = torch.from_numpy(np.isfinite(wanted).astype(np.float32))
    if weight is not None:
        known = known * torch.from_numpy(weight)
    return (known * (predicted - torch.from_numpy(np.nan_to_num(wanted))).square()).mean(dim=1)


def _classes(logits: Tensor, wanted: NDArray[np.int64]) -> Tensor:
    return F.cross_entropy(logits, torch.from_numpy(wanted), ignore_index=-1, reduction="none", label_smoothing=0.1)


def _words(logits: Tensor, wanted: FloatArray) -> Tensor:
    known = torch.from_numpy(np.isfinite(wanted).astype(np.float32))
    loss = F.binary_cross_entropy_with_logits(logits, torch.from_numpy(np.nan_to_num(wanted)), reduction="none")
    return (known * loss).mean(dim=1)


def _likelihood(mean: Tensor, spread: Tensor, wanted: FloatArray) -> Tensor:
    return (spread.log() + (torch.from_numpy(wanted) - mean).square() / (2 * spread.square())).mean(dim=1)
