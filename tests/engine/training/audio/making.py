"""A tiny corpus made of noise whose level and colour carry the labels, so that training has something to learn in seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.affect import FloatArray
from engine.audio.mel import N_MELS
from engine.training.audio.datasets import Clip
from engine.training.audio.features import MelCache, key
from engine.training.audio.fit import Corpus
from engine.training.audio.targets import build_targets

EMOJI_VAD: FloatArray = np.random.default_rng(62).random((62, 3)).astype(np.float32)


def clips(n: int = 30, seed: int = 0) -> list[Clip]:
    """``n`` clips of each of DEAM, 4Q and MIREX-like, their folds in turn."""
    rng = np.random.default_rng(seed)
    made = []
    for i in range(n):
        v, a = rng.uniform(-0.5, 0.5, 2)
        static = (5 + 4 * v, 5 + 4 * a)
        made.append(Clip("deam", str(i), Path(f"{i}.opus"), i % 5, 30.0, f"artist {i}", "song", dynamic=(v, a), static=static))
        made.append(Clip("mer4q", f"q{i}", Path(f"q{i}.opus"), i % 5, 0.0, f"artist {i}", "song", quadrant=i % 4, moods=("calm", "sad")))
        made.append(Clip("mirex", f"m{i}", Path(f"m{i}.opus"), i % 5, 0.0, f"artist {i}", "song", cluster=i % 5, moods=("fun",)))
    return made


def corpus(of: list[Clip], frames: int = 500, seed: int = 0) -> tuple[Corpus, MelCache]:
    """Spectrograms of noise: louder with arousal or the quadrant, brighter with valence."""
    rng = np.random.default_rng(seed)
    targets = build_targets(of, {}, EMOJI_VAD)
    bands = np.linspace(-1, 1, N_MELS)
    pieces = [4 + 3 * vad[1] + 2 * vad[0] * bands + 0.5 * rng.standard_normal((frames, N_MELS)) for vad in targets.vad]
    stack = np.concatenate(pieces).astype(np.float16)
    first = np.arange(len(of)) * frames
    mels = MelCache(stack, {key(clip): (int(start), frames) for clip, start in zip(of, first, strict=True)})
    return Corpus(stack, first, np.full(len(of), frames), targets), mels
