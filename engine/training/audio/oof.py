"""Out-of-fold predictions: every clip scored by the fold model that saw neither it nor its artist, in one small file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.affect import FloatArray
from engine.audio.mel import HOP, SAMPLE_RATE
from engine.encoders.audio_net import AudioNet
from engine.training.audio.datasets import Clip
from engine.training.audio.features import MelCache

#: Length of a segment, as in serving, in seconds and in frames.
SEGMENT_S = 15.0
_SEGMENT_FRAMES = int(SEGMENT_S * SAMPLE_RATE) // HOP + 1
#: A last piece shorter than this is dropped unless it is the only one, as in serving.
_LEAST_S = 5.0
#: Heads stored beside vad, emoji and uncertainty.
_EXTRA = ("dynamic", "static", "quadrant", "cluster")

Row = tuple[Clip, str, float, FloatArray]


def segment_spans(frames: int) -> list[tuple[int, int]]:
    """[first, last) frames of the 15 s segments of a clip."""
    step = int(SEGMENT_S * SAMPLE_RATE) // HOP
    least = int(_LEAST_S * SAMPLE_RATE) // HOP
    return [(s, min(s + _SEGMENT_FRAMES, frames)) for s in range(0, frames, step) if s == 0 or frames - s >= least]


@torch.inference_mode()
def clip_rows(net: AudioNet, clip: Clip, mels: MelCache) -> list[Row]:
    """(clip, level, start in s, embedding) of the song, and of each segment where there is more than one."""
    mel = torch.from_numpy(mels[clip].astype(np.float32)).T
    spans = segment_spans(mel.shape[1])
    embeddings = torch.cat([net(mel[None, :, first:last]) for first, last in spans]).half().float()
    song = net.song(embeddings)
    rows: list[Row] = [(clip, "song", clip.start_s, song.numpy())]
    if len(spans) > 1:
        starts = (first * HOP / SAMPLE_RATE for first, _ in spans)
        rows += [(clip, "segment", clip.start_s + start, e.numpy()) for start, e in zip(starts, embeddings, strict=True)]
    return rows


@torch.inference_mode()
def head_arrays(net: AudioNet, embedding: FloatArray) -> dict[str, FloatArray]:
    """All heads on (n, 256) embeddings, rounded to half precision first, by their names in the file."""
    x = torch.from_numpy(embedding).half().float()
    found = {name: net.head(name, x).numpy() for name in ("vad", "emoji", *_EXTRA)}
    return {**found, "uncertainty": net.head("spread", x).numpy()}


def predict_fold(net: AudioNet, clips: Sequence[Clip], mels: MelCache) -> dict[str, NDArray[np.generic]]:
    """The rows of the clips of one fold; ``net`` must not have seen them, and is folded or in evaluation mode."""
    rows = [row for clip in clips for row in clip_rows(net, clip, mels)]
    embedding = np.stack([row[3] for row in rows])
    return {
        "set": np.array([row[0].set for row in rows]),
        "clip": np.array([row[0].clip for row in rows]),
        "fold": np.array([row[0].fold for row in rows], dtype=np.int8),
        "level": np.array([row[1] for row in rows]),
        "start_s": np.array([row[2] for row in rows], dtype=np.float32),
        "embedding": embedding.astype(np.float16),
        **head_arrays(net, embedding),
    }


def write_oof(parts: Sequence[dict[str, NDArray[np.generic]]], path: Path, version: str) -> None:
    """Join the folds in a fixed order (set, clip, level, start) and write them compressed."""
    joined: dict[str, NDArray[np.generic]] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    place = defaultdict(lambda: 9, {"deam": 0, "deam-extra": 1, "mer4q": 2, "mirex": 3})
    sets = np.array([place[str(name)] for name in joined["set"]])
    order = np.lexsort((joined["start_s"], joined["level"] == "segment", joined["clip"], sets))
    half = {"emoji", "embedding"}
    arrays: dict[str, Any] = {}
    for name, values in joined.items():
        values = values[order]
        if values.dtype.kind == "f":
            values = values.astype(np.float16 if name in half else np.float32)
        arrays[name] = values
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, version=np.array(version), **arrays)
