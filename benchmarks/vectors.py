"""Libraries of any size that look like real ones: songs and segments jittered from the audio encoder's out-of-fold scores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.affect import N_EMOJI, FloatArray, to_vectors
from engine.encoders.weights_io import shipped_maps

_CHECKOUT = Path(__file__).resolve().parent.parent
#: The shipped predictions, or those of a training run not yet shipped.
_SCORES = (_CHECKOUT / "docs" / "oof" / "audio.npz", _CHECKOUT / ".cache" / "audio_oof.npz")
#: Segments of a song, four minutes of 15 s.
SEGMENTS_A_SONG = 16
#: Standard deviation of a song about the segment it is made from, and of its segments about it: on the VAD axes, and of the logarithm of
#: each emoji's probability.
_VAD_JITTER, _EMOJI_JITTER = 0.04, 0.25
_CHUNK = 100_000
#: Share of the real segments that only queries are made from.
_HELD_OUT = 0.1


@dataclass(frozen=True, eq=False)
class Library:
    """n songs, m segments and q queries that none of them was made from.

    Attributes:
        songs: (n, 65) float32 search vectors; the recording ids are 0 to n - 1.
        segments: (m, 65) float32 search vectors, song by song.
        owners: (m,) int64 recording id of each segment.
        starts: (m,) float32 seconds.
        queries: (q, 65) float32: half neighbours of held-out segments, half with the VAD of one and the emoji of another, as sentences
            may be, which no song ever is.
        source: what the real segments were.
    """

    songs: FloatArray
    segments: FloatArray
    owners: NDArray[np.int64]
    starts: FloatArray
    queries: FloatArray
    source: str


def library(n_segments: int, n_queries: int = 200, seed: int = 1) -> Library:
    """Make a library of ``n_segments`` segments."""
    rng = np.random.default_rng(seed)
    vad, emoji, source = _real_segments(rng)
    order = rng.permutation(len(vad))
    held, base = np.split(order, [max(2, int(_HELD_OUT * len(order)))])
    n = -(-n_segments // SEGMENTS_A_SONG)
    rows = rng.choice(base, n)
    song_vad, song_emoji = _jittered(vad[rows], emoji[rows], rng)
    owners = np.repeat(np.arange(n, dtype=np.int64), SEGMENTS_A_SONG)[:n_segments]
    starts = (np.arange(len(owners)) % SEGMENTS_A_SONG * 15.0).astype(np.float32)
    segments = np.empty((len(owners), to_vectors(vad[:1], emoji[:1]).shape[1]), dtype=np.float32)
    for start in range(0, len(owners), _CHUNK):
        part = owners[start : start + _CHUNK]
        segments[start : start + _CHUNK] = to_vectors(*_jittered(song_vad[part], song_emoji[part], rng))
    one, other = rng.choice(held, n_queries), rng.choice(held, n_queries)
    other[: n_queries // 2] = one[: n_queries // 2]
    query_vad, _ = _jittered(vad[one], emoji[one], rng)
    _, query_emoji = _jittered(vad[other], emoji[other], rng)
    return Library(to_vectors(song_vad, song_emoji), segments, owners, starts, to_vectors(query_vad, query_emoji), source)


def _real_segments(rng: np.random.Generator) -> tuple[FloatArray, FloatArray, str]:
    """Calibrated VAD and emoji of real segments; plausible ones where no scores are at hand."""
    for path in _SCORES:
        if path.exists():
            with np.load(path) as scores:
                chosen = scores["level"] == "segment"
                vad, emoji = scores["vad"][chosen].astype(np.float32), scores["emoji"][chosen].astype(np.float32)
            audio = shipped_maps()["audio"]
            return audio.vad(vad), audio.emoji(emoji), f"{len(vad):,} segments of {path.name}"
    vad = rng.beta(4.0, 4.0, (3000, 3)).astype(np.float32)
    return vad, rng.dirichlet(np.full(N_EMOJI, 0.4), 3000).astype(np.float32), "3,000 made-up segments"


def _jittered(vad: FloatArray, emoji: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    moved = np.clip(vad + _VAD_JITTER * rng.standard_normal(vad.shape, dtype=np.float32), 0.0, 1.0)
    weights = emoji * np.exp(_EMOJI_JITTER * rng.standard_normal(emoji.shape, dtype=np.float32))
    return moved.astype(np.float32), (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
