"""Audio for tests, computed on the spot: tones, chords, beats, noise and whole little songs, encoded by the real ffmpeg.

Every signal is a (n,) float32 array in [-1, 1], mono, and the same arguments always give the same samples.
"""

from __future__ import annotations

import shutil
import subprocess
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 44_100
"""Sample rate of everything made here, in Hz, unless a test asks for another."""

MAJOR = (0, 4, 7)
MINOR = (0, 3, 7)
_C3 = 130.81

Signal = NDArray[np.float32]


def silence(seconds: float, *, rate: int = RATE) -> Signal:
    """Digital silence."""
    return np.zeros(round(seconds * rate), dtype=np.float32)


def tone(seconds: float, hertz: float = 440.0, *, level: float = 0.5, rate: int = RATE) -> Signal:
    """A sine of one frequency; ``level`` is its peak."""
    t = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * t)).astype(np.float32)


def noise(seconds: float, *, seed: int = 0, level: float = 0.3, rate: int = RATE) -> Signal:
    """White noise, uniform in [-level, level]."""
    generator = np.random.default_rng(seed)
    return generator.uniform(-level, level, round(seconds * rate)).astype(np.float32)


def chord(seconds: float, *, root: float = _C3, intervals: Sequence[int] = MAJOR, level: float = 0.5, rate: int = RATE) -> Signal:
    """Notes ``intervals`` semitones above ``root`` Hz at once, each with four falling harmonics."""
    notes = [root * 2 ** (semitones / 12) for semitones in intervals]
    partials = [tone(seconds, note * k, level=1 / k, rate=rate) for note in notes for k in range(1, 5)]
    total: Signal = np.sum(partials, axis=0, dtype=np.float32)
    return np.asarray(level * total / np.abs(total).max(), dtype=np.float32)


def beat(seconds: float, *, bpm: float = 120.0, seed: int = 0, level: float = 0.8, rate: int = RATE) -> Signal:
    """A drum on every beat: 80 ms of decaying noise over a 60 Hz thump."""
    track = silence(seconds, rate=rate)
    length = round(0.08 * rate)
    decay = np.exp(-np.arange(length) / (0.02 * rate))
    hit = decay * (noise(0.08, seed=seed, level=0.5, rate=rate)[:length] + tone(0.08, 60.0, level=0.5, rate=rate)[:length])
    for start in range(0, len(track), max(1, round(60 / bpm * rate))):
        piece = hit[: len(track) - start]
        track[start : start + len(piece)] += (level * piece).astype(np.float32)
    return track


def song(seconds: float, *, seed: int = 0, rate: int = RATE) -> Signal:
    """A little song, different for every seed: a tempo, a key, a random walk of chords and a drum.

    Two seeds share no melody, so that a fingerprint must tell them apart; one seed is one recording at every length.
    """
    generator = np.random.default_rng(seed)
    bpm = float(generator.uniform(60, 170))
    root = _C3 * 2 ** (int(generator.integers(0, 12)) / 12)
    intervals = MINOR if generator.random() < 0.5 else MAJOR
    bar = 120.0 / bpm
    bars = []
    for _ in range(int(np.ceil(seconds / bar))):
        step = int(generator.integers(-5, 8))
        top = int(generator.integers(12, 25))
        bars.append(chord(bar, root=root * 2 ** (step / 12), intervals=(*intervals, top), level=0.5, rate=rate))
    harmony = np.concatenate(bars)[: round(seconds * rate)]
    drum = beat(seconds, bpm=bpm, seed=seed, rate=rate)[: len(harmony)]
    return harmony + np.float32(0.5) * drum


def write_wav(path: Path, signal: Signal, *, rate: int = RATE, channels: int = 1) -> Path:
    """Write ``signal`` as 16-bit PCM, the same in every channel, and return ``path``."""
    pcm = np.round(np.clip(signal, -1, 1) * 32767).astype("<i2")
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(pcm, channels).tobytes())
    return path


@cache
def ffmpeg() -> str:
    """The ffmpeg the tests use: the system's, else the one imageio-ffmpeg brings."""
    found = shutil.which("ffmpeg")
    if found:
        return found
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def transcode(source: Path, target: Path, *arguments: str) -> Path:
    """Have ffmpeg turn ``source`` into ``target``, the format following the name, and return ``target``."""
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [ffmpeg(), "-nostdin", "-v", "error", "-y", "-i", f"file:{source}", *arguments, f"file:{target}"]
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return target


@dataclass(frozen=True)
class Studio:
    """Makes audio files in one folder."""

    folder: Path

    def wav(self, name: str, signal: Signal, *, rate: int = RATE, channels: int = 1) -> Path:
        """``signal`` as ``folder/name``, a 16-bit wav."""
        return write_wav(self.folder / name, signal, rate=rate, channels=channels)

    def encode(
        self, name: str, signal: Signal, *arguments: str, rate: int = RATE, channels: int = 1, tags: Mapping[str, str] | None = None
    ) -> Path:
        """``signal`` as ``folder/name`` in the format its ending names (mp3, flac, ogg, opus, m4a, aiff, …).

        Args:
            name: file name, its ending chooses the format.
            signal: (n,) float32 in [-1, 1].
            *arguments: further ffmpeg output arguments, such as ``"-b:a", "64k"``.
            rate: sample rate of ``signal`` in Hz.
            channels: the signal is repeated in each.
            tags: title, artist, album or genre to write into the file.
        """
        target = self.folder / name
        raw = write_wav(target.with_name(target.name + ".raw.wav"), signal, rate=rate, channels=channels)
        tagging = [part for key, value in (tags or {}).items() for part in ("-metadata", f"{key}={value}")]
        try:
            return transcode(raw, target, *tagging, *arguments)
        finally:
            raw.unlink()

    def song(self, name: str, seconds: float = 20.0, *, seed: int = 0, tags: Mapping[str, str] | None = None) -> Path:
        """:func:`song` of that seed as ``folder/name``."""
        return self.encode(name, song(seconds, seed=seed), tags=tags)
