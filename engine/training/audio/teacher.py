"""Frozen MusiCNN features of every labelled clip, computed once: the view of the music the small student learns to imitate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track as progress

from engine.audio.mel import N_MELS
from engine.errors import DataError
from engine.training.audio.datasets import Clip
from engine.training.audio.features import MelCache, key
from engine.training.audio.musicnn import PATCH_FRAMES, MusiCNN

#: Clips between two savings of a part.
_CHUNK = 250


@dataclass(frozen=True)
class TeacherFeatures:
    """MusiCNN on three-second patches.

    Attributes:
        values: (patches, 1756) float16: mean and max over time (753 each), last hidden layer (200), tags (50).
        spans: "set/clip" → (first patch, number of patches).
    """

    values: NDArray[np.float16]
    spans: dict[str, tuple[int, int]]

    def __getitem__(self, clip: Clip) -> NDArray[np.float16]:
        first, count = self.spans[key(clip)]
        return self.values[first : first + count]


def patch_starts(frames: int) -> NDArray[np.int64]:
    """First frames of the patches of a clip, evenly spread over it: one for every three seconds, at least one."""
    count = max(1, round(frames / PATCH_FRAMES))
    return np.linspace(0, max(frames - PATCH_FRAMES, 0), count).round().astype(np.int64)


@torch.inference_mode()
def clip_features(model: MusiCNN, mel: NDArray[np.float16]) -> NDArray[np.float16]:
    """(patches, 1756) of one clip's (frames, 96) ln(1 + 10000 * mel); MusiCNN wants the decimal logarithm."""
    padded = np.zeros((max(len(mel), PATCH_FRAMES), N_MELS), dtype=np.float32)
    padded[: len(mel)] = mel
    patches = np.stack([padded[start : start + PATCH_FRAMES] for start in patch_starts(len(mel))]) / np.float32(np.log(10.0))
    found = model(torch.from_numpy(patches))
    return np.asarray(torch.cat([found.mean, found.maximum, found.hidden, found.tags], dim=1).numpy(), dtype=np.float16)


def load_teacher(clips: Sequence[Clip], mels: MelCache, cache: Path, model: MusiCNN | None = None) -> TeacherFeatures:
    """The features of ``clips``, computed with ``model`` chunk by chunk (a stopped run goes on) and read from ``cache`` afterwards.

    Raises:
        DataError: when they are not in the cache and there is no model.
    """
    folder = cache / "teacher"
    folder.mkdir(parents=True, exist_ok=True)
    chunks = [clips[i : i + _CHUNK] for i in range(0, len(clips), _CHUNK)]
    for number, chunk in progress(list(enumerate(chunks)), "MusiCNN"):
        part = folder / f"{number:03d}.npz"
        if part.exists():
            continue
        if model is None:
            raise DataError(
                "the features of MusiCNN are not in the cache", "run `python -m engine.training.audio.train --musicnn CHECKPOINT.npz` first"
            )
        found = [clip_features(model, mels[clip]) for clip in chunk]
        draft = part.with_suffix(".tmp.npz")
        np.savez(draft, values=np.concatenate(found), counts=np.array([len(f) for f in found]))
        draft.rename(part)
    parts = [np.load(folder / f"{number:03d}.npz") for number in range(len(chunks))]
    counts = np.concatenate([part["counts"] for part in parts])
    firsts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    spans = {key(clip): (int(first), int(count)) for clip, first, count in zip(clips, firsts, counts, strict=True)}
    return TeacherFeatures(np.concatenate([part["values"] for part in parts]), spans)
