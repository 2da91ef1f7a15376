"""Scoring a folder of 30 s clips beside what it cannot do without: decoding the same files with ffmpeg, as many at a time."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, result
from engine.audio.decode import SAMPLE_RATE
from engine.audio.ffmpeg import ffmpeg_path
from engine.encoders.audio import load_audio_encoder
from engine.errors import DataError
from engine.scoring import ScoredRecording, ScoreFailure, Scorer
from engine.settings import data_dir

FILES = 200
CLIP_S = 30
_DIFFERENT = 8
_READ_BYTES = 1 << 16


def clips(count: int, folder: Path) -> list[Path]:
    """``count`` files of 30 s: real songs where the labelled data is at hand, else made in ``folder``, each several times."""
    try:
        songs = sorted((data_dir() / "mer4q" / "clips").glob("*.opus"))
    except DataError:
        songs = []
    if len(songs) >= count:
        return songs[:: len(songs) // count][:count]
    made = [_made(folder / f"{i}.opus", i) for i in range(_DIFFERENT)]
    return [made[i % _DIFFERENT] for i in range(count)]


def _made(path: Path, number: int) -> Path:
    """A clip like those of the labelled data: mono opus, 24 kHz, 20 kbit/s, of a swelling chord under noise."""
    tones = "+".join(f"sin(2*PI*t*{110 * 2 ** ((number + step) / 12):.3f})" for step in (0, 4, 7, 12))
    signal = f"aevalsrc='0.1*({tones})*(1+sin(t*{1 + number}))+0.05*random(0)':s=48000:d={CLIP_S}"
    command = [ffmpeg_path(), "-nostdin", "-v", "error", "-f", "lavfi", "-i", signal, "-ac", "1", "-ar", "24000", "-b:a", "20k", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def bare(paths: Sequence[Path], workers: int) -> float:
    """Wall seconds in which ``workers`` ffmpeg at a time decode ``paths`` to the rate the network hears, into pipes that are emptied."""

    def decode(path: Path) -> None:
        command = [ffmpeg_path(), "-nostdin", "-v", "error", "-threads", "1", "-i", str(path)]
        command += ["-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "1", "pipe:1"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0) as process:
            assert process.stdout is not None
            while os.read(process.stdout.fileno(), _READ_BYTES):
                pass
        if process.returncode:
            raise RuntimeError(f"ffmpeg could not decode {path}")

    started = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(decode, paths))
    return time.perf_counter() - started


def scored(scorer: Scorer, paths: Sequence[Path], workers: int) -> tuple[float, float]:
    """Wall seconds in which ``paths`` are scored, and the seconds of audio they hold."""
    started = time.perf_counter()
    results: list[ScoredRecording | ScoreFailure] = [found for _, found in scorer.score_files(paths, workers)]
    took = time.perf_counter() - started
    failures = [found for found in results if isinstance(found, ScoreFailure)]
    if failures:
        raise RuntimeError(f"{failures[0].path} could not be scored, so the time says nothing: {failures[0].error}")
    return took, sum(found.duration_s for found in results if isinstance(found, ScoredRecording))


def measure(quick: bool = False) -> dict[str, Any]:
    """Median wall times over several runs; floor and scoring alternate, so that both meet the same machine."""
    count, runs = (40, 2) if quick else (FILES, 5)
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    floors, walls, audio_s = [], [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        paths = clips(count, Path(folder))
        scorer = Scorer(load_audio_encoder())
        bare(paths[:8], workers)
        scored(scorer, paths[:8], workers)
        for _ in range(runs):
            floors.append(bare(paths, workers))
            took, audio_s = scored(scorer, paths, workers)
            walls.append(took)
    wall, floor = statistics.median(walls), statistics.median(floors)
    figures = [
        Figure(f"{count} clips of {CLIP_S} s scored", wall, "s", "bare ffmpeg decoding", floor, ratio_bound=1.8),
        Figure("audio scored", audio_s / wall, "x real time"),
    ]
    ratios = [took / least for took, least in zip(walls, floors, strict=True)]
    return result(figures, files=count, workers=workers, walls_s=walls, floors_s=floors, ratios=ratios, ratio=wall / floor)


if __name__ == "__main__":
    import json

    print(json.dumps(measure(), indent=1))
