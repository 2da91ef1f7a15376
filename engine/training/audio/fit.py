"""Training one audio network on some of the clips: crops, augmentation, losses, a moving average of the weights, checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from engine.affect import FloatArray
from engine.encoders.audio_net import EMBEDDING, TRUNK, AudioNet, Stage
from engine.training.audio.targets import Targets

#: Frames of a training crop, 6.4 s: another part of the clip in every epoch, and cheap.
CROP_FRAMES = 400


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: passes over the clips; fixed by the folds, never by a test fold's score.
        batch: clips a step.
        rate: peak learning rate of AdamW, reached after a tenth of the steps, then falling as a cosine.
        decay: weight decay.
        dropout: before the embedding.
        mixup: parameter of the beta distribution mixing pairs of clips; 0 for none.
        gain_db: largest change of level.
        bands, frames: widest masks over frequency and time.
        distil: weight of the imitation of the teacher's features.
        soft: weight of the imitation of the teacher's predictions.
        average: decay of the moving average of the weights, per step.
        bf16: multiply in bfloat16.
    """

    epochs: int = 18
    batch: int = 32
    rate: float = 2e-3
    decay: float = 0.05
    dropout: float = 0.3
    mixup: float = 0.3
    gain_db: float = 6.0
    bands: int = 12
    frames: int = 60
    distil: float = 1.0
    soft: float = 1.0
    average: float = 0.99
    bf16: bool = True
    seed: int = 0
    trunk: tuple[Stage, ...] = TRUNK


@dataclass(frozen=True, eq=False)
class Corpus:
    """Everything a run trains on, indexed by clip.

    Attributes:
        frames: (total, 96) float16 spectrogram frames of all clips.
        first, count: (n,) where each clip's frames lie.
        targets: their labels.
        teacher: per clip (patches, k) float32 standardised teacher features, or ``None``.
        patch_starts: per clip (patches,) first frames of the patches.
        soft: (n, s) the teacher's standardised predictions, or ``None``.
    """

    frames: NDArray[np.float16]
    first: NDArray[np.int64]
    count: NDArray[np.int64]
    targets: Targets
    teacher: list[FloatArray] | None = None
    patch_starts: list[NDArray[np.int64]] | None = None
    soft: FloatArray | None = None


class Student(nn.Module):
    """The network and the heads that only training needs."""

    def __init__(self, corpus: Corpus, recipe: Recipe) -> None:
        super().__init__()
        self.net = AudioNet(len(corpus.targets.words), trunk=recipe.trunk, dropout=recipe.dropout)
        self.teacher = nn.Linear(EMBEDDING, corpus.teacher[0].shape[1] if corpus.teacher else 1)
        self.soft = nn.Linear(EMBEDDING, corpus.soft.shape[1] if corpus.soft is not None else 1)


def fit(
    corpus: Corpus,
    rows: NDArray[np.int64],
    recipe: Recipe,
    checkpoint: Path | None = None,
    watch: Callable[[int, AudioNet], None] | None = None,
) -> AudioNet:
    """Train on the clips ``rows`` and return the averaged network, batch normalisation not folded.

    Args:
        checkpoint: written after every epoch and taken up again when it exists.
        watch: called with the epoch and the averaged network after every epoch.
    """
    torch.manual_seed(recipe.seed)
    student = Student(corpus, recipe)
    _normalise_input(student.net, corpus, rows)
    average = Student(corpus, recipe)
    average.load_state_dict(student.state_dict())
    groups = [
        {"params": [p for p in student.parameters() if p.ndim > 1], "weight_decay": recipe.decay},
        {"params": [p for p in student.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=recipe.rate, betas=(0.9, 0.98))
    steps = len(rows) // recipe.batch
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, recipe.epochs * steps))
    epoch = 0
    if checkpoint is not None and checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        student.load_state_dict(saved["student"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        epoch = saved["epoch"]
    for number in range(epoch, recipe.epochs):
        rng = np.random.default_rng([recipe.seed, number])
        student.train()
        order = rng.permutation(rows)
        for step in range(steps):
            batch = Batch(corpus, order[step * recipe.batch : (step + 1) * recipe.batch], recipe, rng)
            with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bf16):
                loss = batch.loss(student)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(student.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            _follow(average, student, min(recipe.average, 1 - 1 / (number * steps + step + 2)))
        if checkpoint is not None:
            state = {"student": student.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict()}
            draft = checkpoint.with_suffix(".tmp")
            torch.save({**state, "schedule": schedule.state_dict(), "epoch": number + 1}, draft)
            draft.rename(checkpoint)
        if watch is not None:
            watch(number + 1, average.net.eval())
    return average.net.eval()


def _rate(step: int, total: int) -> float:
    warm = max(1, total // 10)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, total - warm))))


@torch.no_grad()
def _follow(average: nn.Module, student: nn.Module, keep: float) -> None:
    ours, theirs = average.state_dict(), student.state_dict()
    for name, value in ours.items():
        if value.is_floating_point():
            value.lerp_(theirs[name], 1 - keep)
        else:
            value.copy_(theirs[name])


def _normalise_input(net: AudioNet, corpus: Corpus, rows: NDArray[np.int64]) -> None:
    """Mean and deviation of each band over frames of the training clips."""
    sample = np.concatenate([corpus.frames[corpus.first[r] : corpus.first[r] + corpus.count[r] : 16] for r in rows]).astype(np.float32)
    net.mean.copy_(torch.from_numpy(sample.mean(axis=0))[:, None])
    net.scale.copy_(torch.from_numpy(1.0 / sample.std(axis=0))[:, None])


class Batch:
    """Crops of some clips, augmented and mixed in pairs, and the losses on them."""

    def __init__(self, corpus: Corpus, rows: NDArray[np.int64], recipe: Recipe, rng: np.random.Generator) -> None:
        self._recipe = recipe
        self._targets = corpus.targets
        n = len(rows)
        starts = np.array([rng.integers(0, max(1, corpus.count[r] - CROP_FRAMES + 1)) for r in rows])
        crops = np.zeros((n, CROP_FRAMES, corpus.frames.shape[1]), dtype=np.float32)
        for i, (r, start) in enumerate(zip(rows, starts, strict=True)):
            piece = corpus.frames[corpus.first[r] + start : corpus.first[r] + min(start + CROP_FRAMES, corpus.count[r])]
            crops[i, : len(piece)] = piece
        self._teacher = None if corpus.teacher is None else torch.from_numpy(_covered(corpus, rows, starts))
        self._soft = None if corpus.soft is None else torch.from_numpy(corpus.soft[rows])
        self._rows = rows
        # Well above silence a change of level is a shift of the logarithm.
        gain = rng.uniform(-recipe.gain_db, recipe.gain_db, n) * np.log(10.0) / 10
        louder = torch.clamp(torch.from_numpy(crops).transpose(1, 2) + torch.from_numpy(gain).float()[:, None, None], min=0.0)
        # Two spectrograms are laid over each other with shares that sum to one; their labels mix alike.
        self._pair = rng.permutation(n)
        share = np.maximum(1 - (mix := rng.beta(recipe.mixup, recipe.mixup, n)), mix) if recipe.mixup > 0 else np.ones(n)
        self._share = torch.from_numpy(share).float()
        self._mel = torch.lerp(louder[torch.from_numpy(self._pair)], louder, self._share[:, None, None]).contiguous()
        self._mask_bands = [(int(rng.integers(0, recipe.bands + 1)), rng.random()) for _ in range(2 * n)]
        self._mask_frames = [(int(rng.integers(0, recipe.frames + 1)), rng.random()) for _ in range(2 * n)]

    def loss(self, student: Student) -> Tensor:
        net = student.net
        mel = self._mel
        # Masked parts take the band's mean, which the network sees as zero.
        for i, (width, place) in enumerate(self._mask_bands):
            low = int(place * (mel.shape[1] - width + 1))
            mel[i // 2, low : low + width] = net.mean[low : low + width]
        for i, (width, place) in enumerate(self._mask_frames):
            low = int(place * (mel.shape[2] - width + 1))
            mel[i // 2, :, low : low + width] = net.mean
        embedding = net(mel).float()
        t = self._targets
        total = torch.zeros(())
        total = total + self._mixed(lambda r: _squared(net.head("dynamic", embedding), t.dynamic[r]))
        total = total + 0.5 * self._mixed(lambda r: _squared(net.head("static", embedding), t.static[r]))
        total = total + 0.7 * self._mixed(lambda r: _classes(net.head("quadrant", embedding), t.quadrant[r]))
        total = total + 0.5 * self._mixed(lambda r: _classes(net.head("cluster", embedding), t.cluster[r]))
        total = total + self._mixed(lambda r: _words(net.head("moods", embedding), t.moods[r]))
        vad = net.head("vad", embedding)
        total = total + 25.0 * self._mixed(lambda r: _squared(vad, t.vad[r], t.vad_weight[r]))
        emoji_log = torch.log_softmax(net.heads["emoji"](embedding), dim=-1)
        total = total + 0.5 * self._mixed(lambda r: -(torch.from_numpy(t.emoji[r]) * emoji_log).sum(dim=1))
        spread = net.head("spread", embedding.detach())
        mean = vad.detach()[:, :2]
        total = total + 0.2 * self._mixed(lambda r: _likelihood(mean, spread, t.vad[r][:, :2]))
        if self._teacher is not None:
            wanted = self._mix(self._teacher)
            total = total + self._recipe.distil * F.mse_loss(student.teacher(embedding), wanted)
        if self._soft is not None:
            total = total + self._recipe.soft * F.mse_loss(student.soft(embedding), self._mix(self._soft))
        return total

    def _mix(self, values: Tensor) -> Tensor:
        share = self._share[:, None]
        return share * values + (1 - share) * values[torch.from_numpy(self._pair)]

    def _mixed(self, per_clip: Callable[[NDArray[np.int64]], Tensor]) -> Tensor:
        """Mean over the batch of a per-clip loss against the clip's own labels and those of its partner."""
        own, partner = per_clip(self._rows), per_clip(self._rows[self._pair])
        return (self._share * own + (1 - self._share) * partner).mean()


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


def _covered(corpus: Corpus, rows: NDArray[np.int64], starts: NDArray[np.int64]) -> FloatArray:
    """Teacher features of each crop: the mean over the patches whose middle lies in it."""
    if corpus.teacher is None or corpus.patch_starts is None:
        raise ValueError("the corpus has no teacher")
    found = []
    for r, start in zip(rows, starts, strict=True):
        middle = corpus.patch_starts[r] + 93
        inside = (middle >= start) & (middle < start + CROP_FRAMES)
        found.append(corpus.teacher[r][inside if inside.any() else slice(None)].mean(axis=0))
    return np.stack(found).astype(np.float32)
