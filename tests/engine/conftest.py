"""Real encoders, loaded once, and a small catalogue whose songs feel as a test wants them to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.affect import EMOJI_INDEX, N_EMOJI, normalised
from engine.assistant import Assistant
from engine.catalogue import LOCAL_GUILD
from engine.encoders.base import AudioScore
from engine.models import Models, audio_version
from engine.scoring import ScoredRecording
from engine.settings import Settings

#: Affects of the songs of :func:`small`: valence, arousal, dominance and an emoji, spread over the space.
MOODS = [
    (v, a, d, symbol)
    for v, a, symbol in ((0.15, 0.2, "💔"), (0.2, 0.85, "😡"), (0.85, 0.15, "😌"), (0.9, 0.85, "😄"), (0.5, 0.5, "👌"), (0.3, 0.4, "😔"))
    for d in (0.2, 0.5, 0.8)
]


@pytest.fixture(scope="session")
def models() -> Models:
    """The shipped encoders."""
    return Models(Settings())


@pytest.fixture
def assistant(models: Models, emojuke_home: Path) -> Iterator[Assistant]:
    """An assistant without the starter, over an empty catalogue in this test's own home."""
    with Assistant.open(Settings(home=emojuke_home, starter=False)) as opened:
        opened.models = models
        opened._conversation._assistant.models = models
        yield opened


@pytest.fixture
def small(assistant: Assistant) -> Assistant:
    """The same with eighteen songs of six artists in this machine's own catalogue, three for each of six moods."""
    for i, (v, a, d, symbol) in enumerate(MOODS):
        add_song(assistant, f"Song {i}", (v, a, d), symbol, artist=f"Artist {i % 6}")
    return assistant


def scored(vad: Sequence[float], symbol: str = "👌", *, segments: int = 3, spread: float = 0.02, version: str = "") -> ScoredRecording:
    """Raw scores of a song that feels so; segment i is ``spread`` * i off in arousal and 15 s long."""
    emoji = np.full(N_EMOJI, 0.2 / N_EMOJI, dtype=np.float32)
    emoji[EMOJI_INDEX[symbol]] += 0.8
    song = np.clip(np.asarray(vad, dtype=np.float32), 0, 1)
    rows = np.clip(np.stack([song + np.asarray([0.0, spread * i, 0.0]) for i in range(segments)]), 0, 1).astype(np.float32)
    return ScoredRecording(
        duration_s=15.0 * segments,
        fingerprint=np.empty(0, dtype=np.uint32),
        model_version=version or audio_version(),
        song_vad=song,
        song_emoji=normalised(emoji),
        starts=np.arange(segments, dtype=np.float32) * 15,
        ends=np.arange(1, segments + 1, dtype=np.float32) * 15,
        segments=AudioScore(
            rows,
            np.tile(normalised(emoji), (segments, 1)),
            np.zeros((segments, 8), dtype=np.float16),
            np.full((segments, 2), 0.1, dtype=np.float32),
        ),
    )


def add_song(
    assistant: Assistant,
    title: str,
    vad: Sequence[float],
    symbol: str = "👌",
    *,
    artist: str = "",
    guild: int = LOCAL_GUILD,
    segments: int = 3,
) -> int:
    """Put a song into a guild's catalogue and return its recording id."""
    recording = assistant.catalogue.add_recording(scored(vad, symbol, segments=segments))
    assistant.catalogue.add_track(guild, recording, title, artist)
    return recording


@pytest.fixture
def adding(assistant: Assistant) -> Callable[..., int]:
    """:func:`add_song` for this test's assistant."""
    return lambda *args, **kwargs: add_song(assistant, *args, **kwargs)
