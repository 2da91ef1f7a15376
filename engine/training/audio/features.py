"""Every labelled clip decoded once to a log-mel spectrogram, kept in one file of the cache.

The spectrograms lie one after another in ``frames.f16`` (frames, 96) float16; ``clips.json`` says where each begins. Half precision rounds
ln(1 + 10000 * mel) by at most 0.004.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track as progress

from engine.audio.mel import N_MELS, SAMPLE_RATE, LogMel
from engine.errors import DataError
from engine.training.audio.datasets import Clip


@dataclass(frozen=True)
class MelCache:
    """Log-mel spectrograms of all clips.

    Attributes:
        frames: (total frames, 96) float16 memory map.
        spans: "set/clip" → (first frame, number of frames).
    """

    frames: NDArray[np.float16]
    spans: dict[str, tuple[int, int]]

    def __getitem__(self, clip: Clip) -> NDArray[np.float16]:
        """(frames, 96) float16 of one clip."""
        first, count = self.spans[key(clip)]
        return self.frames[first : first + count]


def key(clip: Clip) -> str:
    """The name of a clip in the caches."""
    return f"{clip.set}/{clip.clip}"


def decode(path: Path) -> NDArray[np.float32]:
    """(samples,) float32 mono at 16 kHz of a labelled clip.

    Raises:
        DataError: when ffmpeg cannot decode it.
    """
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-threads", "1", "-i", f"file:{path}"]
    command += ["-f", "f32le", "-ac", "1", "-ar", str(SAMPLE_RATE), "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode or not done.stdout:
        raise DataError(f"the clip {path.name} cannot be decoded", "restore it from the data set")
    return np.frombuffer(done.stdout, dtype=np.float32)


def load_mels(clips: Sequence[Clip], cache: Path, workers: int = 2) -> MelCache:
    """The spectrograms of ``clips``, made on the first call and read from ``cache`` afterwards."""
    folder = cache / "mels"
    index = folder / "clips.json"
    if not index.exists():
        _build(clips, folder, workers)
    spans = {name: (first, count) for name, (first, count) in json.loads(index.read_text(encoding="utf-8")).items()}
    missing = [key(clip) for clip in clips if key(clip) not in spans]
    if missing:
        raise DataError(
            f"the feature cache lacks {len(missing)} clips, {missing[0]} first", f"delete {folder.name} in the cache and run again"
        )
    total = sum(count for _, count in spans.values())
    frames = np.memmap(folder / "frames.f16", dtype=np.float16, mode="r", shape=(total, N_MELS))
    return MelCache(frames, spans)


def _build(clips: Sequence[Clip], folder: Path, workers: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    front = LogMel()
    spans: dict[str, tuple[int, int]] = {}
    total = 0
    with ThreadPoolExecutor(workers) as pool, (folder / "frames.f16").open("wb") as stream, torch.inference_mode():
        for clip, wave in zip(clips, progress(pool.map(decode, [c.path for c in clips]), "decoding", total=len(clips)), strict=True):
            mel = front(torch.from_numpy(wave.copy())[None])[0].T.to(torch.float16).numpy()
            stream.write(np.ascontiguousarray(mel).tobytes())
            spans[key(clip)] = (total, len(mel))
            total += len(mel)
    (folder / "clips.json").write_text(json.dumps(spans), encoding="utf-8")
