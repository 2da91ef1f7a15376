"""The starter catalogue that ships with Emojuke: titles, artists, search links and out-of-fold scores, no audio."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from engine.encoders.base import AudioScore
from engine.errors import ModelError
from engine.scoring import ScoredRecording

FOLDER = Path(__file__).resolve().parent.parent / "indexes" / "starter"
_TRACKS, _SCORES = "tracks.jsonl", "scores.safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class StarterItem:
    """One song of the starter catalogue.

    Attributes:
        uid: stable name of the recording, such as ``deam:2``.
        title: as its publisher wrote it.
        artist: as its publisher wrote it.
        genre: empty when unknown.
        url: a search link, not the song itself.
        scored: raw scores of the song and its segments; no fingerprint, since no audio was shipped.
    """

    uid: str
    title: str
    artist: str
    genre: str
    url: str
    scored: ScoredRecording


def starter_version(folder: Path = FOLDER) -> str:
    """The version of the model whose out-of-fold scores the starter holds.

    Raises:
        ModelError: when the starter is missing or damaged.
    """
    return _open(folder)[0]


def load_starter(folder: Path = FOLDER) -> list[StarterItem]:
    """All songs of the starter catalogue.

    Raises:
        ModelError: when the starter is missing or damaged.
    """
    version, checksum, arrays = _open(folder)
    try:
        tracks = (folder / _TRACKS).read_bytes()
        rows = [json.loads(line) for line in tracks.splitlines()]
    except (OSError, ValueError) as error:
        raise _damaged(folder, error) from error
    if checksum not in (None, _checksum(version, arrays, tracks)):
        raise _damaged(folder, "its checksum is not the one it was saved with")
    bounds = np.concatenate([[0], np.cumsum(arrays["segments"])])
    if len(rows) != len(arrays["segments"]) or bounds[-1] != len(arrays["starts"]):
        raise _damaged(folder, "its two files do not belong together")
    return [_item(row, version, arrays, i, slice(bounds[i], bounds[i + 1])) for i, row in enumerate(rows)]


def save_starter(items: Sequence[StarterItem], folder: Path = FOLDER) -> None:
    """Write the starter catalogue; all items must carry one model version.

    Raises:
        ValueError: when there are no items or their versions differ.
    """
    versions = {item.scored.model_version for item in items}
    if len(versions) != 1:
        raise ValueError(f"the starter needs exactly one model version, not {sorted(versions)}")
    folder.mkdir(parents=True, exist_ok=True)
    scored = [item.scored for item in items]
    arrays: dict[str, NDArray[Any]] = {
        "song_vad": np.stack([s.song_vad for s in scored]).astype(np.float32),
        "song_emoji": np.stack([s.song_emoji for s in scored]).astype(np.float16),
        "durations": np.asarray([s.duration_s for s in scored], dtype=np.float32),
        "segments": np.asarray([len(s.starts) for s in scored], dtype=np.int32),
        "starts": np.concatenate([s.starts for s in scored]).astype(np.float32),
        "ends": np.concatenate([s.ends for s in scored]).astype(np.float32),
        "vad": np.concatenate([s.segments.vad for s in scored]).astype(np.float32),
        "emoji": np.concatenate([s.segments.emoji for s in scored]).astype(np.float16),
        "embedding": np.concatenate([s.segments.embedding for s in scored]).astype(np.float16),
        "uncertainty": np.concatenate([s.segments.uncertainty for s in scored]).astype(np.float32),
    }
    rows = [{"uid": item.uid, "title": item.title, "artist": item.artist, "genre": item.genre, "url": item.url} for item in items]
    (folder / _TRACKS).write_bytes("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())
    version = versions.pop()
    checksum = _checksum(version, arrays, (folder / _TRACKS).read_bytes())
    save_file(arrays, folder / _SCORES, metadata={"model_version": version, "checksum": checksum})
    (folder / _SCORES).chmod(0o644)  # safetensors writes for the owner alone


def _item(row: dict[str, str], version: str, arrays: dict[str, NDArray[Any]], i: int, part: slice) -> StarterItem:
    segments = AudioScore(
        vad=arrays["vad"][part],
        emoji=arrays["emoji"][part].astype(np.float32),
        embedding=arrays["embedding"][part],
        uncertainty=arrays["uncertainty"][part],
    )
    scored = ScoredRecording(
        duration_s=float(arrays["durations"][i]),
        fingerprint=np.empty(0, dtype=np.uint32),
        model_version=version,
        song_vad=arrays["song_vad"][i],
        song_emoji=arrays["song_emoji"][i].astype(np.float32),
        starts=arrays["starts"][part],
        ends=arrays["ends"][part],
        segments=segments,
    )
    return StarterItem(row["uid"], row["title"], row["artist"], row["genre"], row["url"], scored)


def _open(folder: Path) -> tuple[str, str | None, dict[str, NDArray[Any]]]:
    """Model version, the checksum it was saved with (None in one saved before there was any), and the arrays."""
    try:
        with safe_open(folder / _SCORES, framework="np") as file:
            facts = file.metadata()
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
            return str(facts["model_version"]), facts.get("checksum"), arrays
    except (OSError, SafetensorError, KeyError, TypeError) as error:
        raise _damaged(folder, error) from error


def _checksum(version: str, arrays: Mapping[str, NDArray[Any]], tracks: bytes) -> str:
    """SHA-256 over both files' content: a flipped bit in a score is a number like any other, so nothing else would notice it."""
    digest = hashlib.sha256(f"{version}\n".encode())
    for name in sorted(arrays):
        digest.update(f"{name}:{arrays[name].dtype}:{arrays[name].shape}\n".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    digest.update(tracks)
    return digest.hexdigest()


def _damaged(folder: Path, why: object) -> ModelError:
    return ModelError(f"the starter catalogue in {folder} cannot be read ({why})", "reinstall Emojuke or restore its indexes folder")
