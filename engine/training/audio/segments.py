"""Frozen trunk features of every segment of the labelled clips, computed once: what the perceptron is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track as progress

from engine.affect import FloatArray
from engine.audio.mel import HOP, SAMPLE_RATE
from engine.encoders.audio_net import AudioNet, Trunk
from engine.errors import DataError
from engine.training.audio.datasets import Clip
from engine.training.audio.features import MelCache

#: Length of a segment and shortest last piece, in seconds, as in serving.
_SEGMENT_S, _LEAST_S = 15.0, 5.0
_STEP = int(_SEGMENT_S * SAMPLE_RATE) // HOP
#: Clips between two savings of a part.
_CHUNK = 250


@dataclass(frozen=True, eq=False)
class SegmentFeatures:
    """The frozen features of all segments.

    Attributes:
        trunk: (segments, 2, 456) float16, window by window.
        statistics: (segments, 384) float32.
        clip: (segments,) index of each segment's clip.
        start_s: (segments,) where it begins in its clip.
    """

    trunk: NDArray[np.float16]
    statistics: FloatArray
    clip: NDArray[np.int64]
    start_s: FloatArray


def segment_spans(frames: int) -> list[tuple[int, int]]:
    """[first, last) frames of the 15 s segments of a clip; a last piece shorter than 5 s is dropped unless it is the only one."""
    least = int(_LEAST_S * SAMPLE_RATE) // HOP
    return [(s, min(s + _STEP + 1, frames)) for s in range(0, frames, _STEP) if s == 0 or frames - s >= least]


@torch.inference_mode()
def clip_segments(net: AudioNet, mel: NDArray[np.float16]) -> tuple[NDArray[np.float16], FloatArray, FloatArray]:
    """Trunk features (s, 2, 456), statistics (s, 384) and start seconds (s,) of the segments of a clip's (frames, 96) spectrogram."""
    whole = torch.from_numpy(mel.astype(np.float32)).T[None]
    spans = segment_spans(len(mel))
    found = [net.features(whole[:, :, first:last]) for first, last in spans]
    trunk = np.concatenate([part.numpy() for part, _ in found]).astype(np.float16)
    statistics = np.concatenate([part.numpy() for _, part in found])
    return trunk, statistics, np.array([first * HOP / SAMPLE_RATE for first, _ in spans], dtype=np.float32)


def load_segments(clips: Sequence[Clip], mels: MelCache, cache: Path, trunk: Trunk | None = None) -> SegmentFeatures:
    """The features of ``clips``, computed with ``trunk`` chunk by chunk (a stopped run goes on) and read from ``cache`` afterwards.

    Raises:
        DataError: when they are not in the cache and there is no trunk.
    """
    folder = cache / "segments"
    folder.mkdir(parents=True, exist_ok=True)
    net = AudioNet(0).eval()
    if trunk is not None:
        net.trunk = trunk
    starts = range(0, len(clips), _CHUNK)
    for number, start in progress(list(enumerate(starts)), "trunk"):
        part = folder / f"{number:03d}.npz"
        if part.exists():
            continue
        if trunk is None:
            raise DataError(
                "the features of MusiCNN are not in the cache", "run `python -m engine.training.audio.train --musicnn CHECKPOINT.npz` first"
            )
        found = [clip_segments(net, mels[clip]) for clip in clips[start : start + _CHUNK]]
        index = np.concatenate([np.full(len(f[2]), start + i) for i, f in enumerate(found)])
        draft = part.with_suffix(".tmp.npz")
        arrays = [np.concatenate([f[j] for f in found]) for j in range(3)]
        np.savez(draft, trunk=arrays[0], statistics=arrays[1], start_s=arrays[2], clip=index)
        draft.rename(part)
    parts = [np.load(folder / f"{number:03d}.npz") for number in range(len(starts))]
    return SegmentFeatures(*(np.concatenate([part[name] for part in parts]) for name in ("trunk", "statistics", "clip", "start_s")))
