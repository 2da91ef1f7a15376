"""A tiny corpus of noise in which some columns carry the labels, so that training has something to learn in seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.affect import FloatArray
from engine.encoders.audio_net import FEATURES, TRUNK, WINDOWS
from engine.training.audio.datasets import Clip
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
        made.append(
            Clip("mer4q", f"q{i}", Path(f"q{i}.opus"), i % 5, 0.0, f"artist {i}", "song", quadrant=i // 5 % 4, moods=("calm", "sad"))
        )
        made.append(Clip("mirex", f"m{i}", Path(f"m{i}.opus"), i % 5, 0.0, f"artist {i}", "song", cluster=i // 5 % 5, moods=("fun",)))
    return made


def corpus(of: list[Clip], seed: int = 0) -> Corpus:
    """Features of noise in which a few columns carry valence and arousal; clips of 4Q have two segments."""
    rng = np.random.default_rng(seed)
    targets = build_targets(of, {}, EMOJI_VAD)
    index = np.array([i for i, clip in enumerate(of) for _ in range(2 if clip.set in ("mer4q", "mirex") else 1)])
    trunk = rng.standard_normal((len(index), WINDOWS, TRUNK)).astype(np.float32)
    trunk[:, :, :100] += 8 * (targets.vad[index, 0] - 0.5)[:, None, None]
    statistics = rng.standard_normal((len(index), FEATURES - TRUNK)).astype(np.float32)
    statistics[:, :100] += 8 * (targets.vad[index, 1] - 0.5)[:, None]
    teacher = rng.standard_normal((len(of), 6)).astype(np.float32)
    soft = rng.standard_normal((len(of), 4)).astype(np.float32)
    return Corpus(trunk, statistics, index, targets, teacher, soft)
