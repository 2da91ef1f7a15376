"""`emojuke score`: what the audio encoder hears in files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.affect import Affect
from engine.answers import affect_json, clock
from engine.cli.cards import describe_affect
from engine.cli.output import printable, say, to_json, write
from engine.errors import SourceError
from engine.models import Models
from engine.scoring import ScoredRecording, ScoreFailure
from engine.sources.local import audio_files


def show_scores(models: Models, files: Sequence[Path], *, as_json: bool) -> bool:
    """Score files and print each, one JSON object a line or as text; returns whether all could be scored.

    Raises:
        SourceError: when a file does not exist, or a folder holds no audio.
        ToolError: when there is no ffmpeg.
        ModelError: when the encoder cannot be loaded.
    """
    files = list(audio_files(files))
    if not files:
        raise SourceError("there is no audio file there", "name files, or folders that hold some")
    sound = True
    for path, result in models.scorer().score_files(files):
        if isinstance(result, ScoreFailure):
            say(str(result.error))
            sound = False
            continue
        for notice in result.notices:
            say(f"{path.name}: {notice}")
        song, segments = _affects(models, result)
        if as_json:
            write(to_json(_json(path, result, song, segments)))
        else:
            _show(path, result, song, segments)
    return sound


def _affects(models: Models, scored: ScoredRecording) -> tuple[Affect, list[Affect]]:
    encoder = models.audio()
    song = encoder.calibrate(scored.song_vad[None], scored.song_emoji[None])[0]
    return song, encoder.calibrate(scored.segments.vad, scored.segments.emoji)


def _json(path: Path, scored: ScoredRecording, song: Affect, segments: Sequence[Affect]) -> dict[str, Any]:
    return {
        "path": str(path),
        "duration_s": round(scored.duration_s, 3),
        "model_version": scored.model_version,
        "affect": affect_json(song),
        "segments": [
            {"start_s": round(float(start), 3), "end_s": round(float(end), 3), "affect": affect_json(affect)}
            for start, end, affect in zip(scored.starts, scored.ends, segments, strict=True)
        ],
    }


def _show(path: Path, scored: ScoredRecording, song: Affect, segments: Sequence[Affect]) -> None:
    write(f"{printable(str(path))}  {clock(scored.duration_s)}")
    write(f"  song         {describe_affect(song)}")
    for start, end, affect in zip(scored.starts, scored.ends, segments, strict=True):
        span = f"{clock(float(start))}–{clock(float(end))}"
        write(f"  {span:<12} {describe_affect(affect)}")
