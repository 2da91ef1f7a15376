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
from engine.encoders.audio_net import AudioNet
from engine.training.audio.datasets import Clip
from engine.training.audio.fit import Corpus

#: Heads stored beside vad, emoji and uncertainty.
_EXTRA = ("dynamic", "static", "quadrant", "cluster")


@torch.inference_mode()
def head_arrays(net: AudioNet, embedding: FloatArray) -> dict[str, FloatArray]:
    """All heads on (n, 256) embeddings, rounded to half precision first, by their names in the file."""
    x = torch.from_numpy(embedding).half().float()
    found = {name: net.head(name, x).numpy() for name in ("vad", "emoji", *_EXTRA)}
    return {**found, "uncertainty": net.head("spread", x).numpy()}


@torch.inference_mode()
def predict_fold(net: AudioNet, clips: Sequence[Clip], corpus: Corpus, start_s: FloatArray, fold: int) -> dict[str, NDArray[np.generic]]:
    """The rows of the clips of one fold: each song, pooled, and the segments of songs that have more than one.

    Args:
        net: in evaluation mode; it must not have seen them.
        start_s: (segments,) where each segment of the corpus begins in its clip.
    """
    rows = np.flatnonzero(np.array([clips[i].fold for i in corpus.clip]) == fold)
    embeddings = net.embedding(corpus.features(rows)).half().float()
    entries: list[tuple[Clip, str, float, FloatArray]] = []
    for index in np.unique(corpus.clip[rows]):
        clip, mine = clips[index], np.flatnonzero(corpus.clip[rows] == index)
        entries.append((clip, "song", clip.start_s, net.song(embeddings[mine]).numpy()))
        if len(mine) > 1:
            entries += [(clip, "segment", clip.start_s + float(start_s[rows[i]]), embeddings[i].numpy()) for i in mine]
    embedding = np.stack([entry[3] for entry in entries])
    return {
        "set": np.array([entry[0].set for entry in entries]),
        "clip": np.array([entry[0].clip for entry in entries]),
        "fold": np.full(len(entries), fold, dtype=np.int8),
        "level": np.array([entry[1] for entry in entries]),
        "start_s": np.array([entry[2] for entry in entries], dtype=np.float32),
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
