"""An index on disk: arrays, named and checksummed by a manifest that is exchanged last, so that it is old or new, never half."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.affect import DIM
from engine.errors import IndexFileError
from engine.index.block import Block
from engine.index.cells import Cells
from engine.index.level import Level
from engine.index.part import Part
from engine.index.points import Points

#: Of the files; another number is another arrangement.
FORMAT = 1
MANIFEST = "manifest.json"
_MEND = "it is rebuilt from the catalogue by `emojuke index`"
_LEVELS = ("songs", "segments")
#: A folder no manifest names and nothing was written to for so long was left by a process that died.
_STALE_S = 3600.0


@dataclass(frozen=True, slots=True)
class Header:
    """What an index says about itself: the model version of its scores, the weight of VAD, and what it was built from."""

    model_version: str
    w: float
    source: str


def save(folder: Path, part: Part, header: Header) -> None:
    """Write a part without removed songs. A process that dies on the way leaves what was there before.

    Raises:
        IndexFileError: when it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = _data_folder(folder)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".part-") as scratch:
            files = Path(scratch) / "files"
            files.mkdir()
            document = _write(files, part, header)
            document["folder"] = f"data-{document['digest'][:16]}"
            target = folder / document["folder"]
            if target != before:
                shutil.rmtree(target, ignore_errors=True)
                files.rename(target)
            _sync(folder)
            manifest = Path(scratch) / MANIFEST
            _write_synced(manifest, json.dumps({**document, "checksum": _checksum(document)}, indent=1).encode())
            manifest.replace(folder / MANIFEST)
            _sync(folder)
        _sweep(folder, target, before)
    except OSError as error:
        cause = error.strerror or "the disk took only part of a file and is full or over its quota"  # numpy counts what was written instead
        raise IndexFileError(
            f"the index cannot be written to {folder} ({cause})", "make room there or make it writable; no song is lost"
        ) from error


def load(folder: Path, model_version: str, w: float, exact_limit: int) -> tuple[Part, Header]:
    """Read what :func:`save` wrote, once every checksum was found right.

    Raises:
        IndexFileError: when it is missing, damaged, of another format, model version or weight.
    """
    document = _manifest(folder)
    try:
        return _load(folder, document, model_version, w, exact_limit)
    except IndexFileError:
        newer = _manifest(folder)
        if newer == document:
            raise
        return _load(folder, newer, model_version, w, exact_limit)  # another process saved meanwhile


def _load(folder: Path, document: dict[str, Any], model_version: str, w: float, exact_limit: int) -> tuple[Part, Header]:
    try:
        header = Header(str(document["model_version"]), float(document["w"]), str(document["source"]))
        _check_kind(folder, document, header, model_version, w)
        files = folder / Path(document["folder"]).name
        for name, entry in document["files"].items():
            if _digest(files / Path(name).name) != entry["sha256"]:
                raise _refused(folder, f"is damaged ({name} does not have the checksum it was saved with)")
        return _read(files, document, exact_limit), header
    except OSError as error:
        raise _refused(folder, f"cannot be read ({error.strerror or error})") from error
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise _refused(folder, f"is damaged ({error})") from error


def _check_kind(folder: Path, document: dict[str, Any], header: Header, model_version: str, w: float) -> None:
    if document["format"] != FORMAT or document["dimension"] != DIM:
        raise _refused(folder, "was written by another version of Emojuke")
    if header.model_version != model_version:
        raise _refused(folder, f"holds scores of the model {header.model_version}, not of {model_version}")
    if abs(header.w - w) > 1e-9:
        raise _refused(folder, f"was built with the VAD weight {header.w:g}, not {w:g}")


def _write(files: Path, part: Part, header: Header) -> dict[str, Any]:
    block = part.block
    arrays: dict[str, NDArray[Any]] = {
        "song_ids": block.song_ids,
        "bounds": block.bounds,
        "starts": block.starts,
        "ends": block.ends,
        "songs": block.songs.stored,
        "segments": block.segments.stored,
    }
    for name, array in arrays.items():
        with (files / f"{name}.npy").open("wb") as file:
            np.save(file, array, allow_pickle=False)
            _flush(file)
    levels = dict(zip(_LEVELS, part.levels or (None, None), strict=True))
    cells = {name: level.cells for name, level in levels.items() if level is not None and level.cells is not None}
    for name, one in cells.items():
        _write_synced(files / f"{name}.faiss", one.to_bytes())
    _sync(files)
    described = {path.name: {"sha256": _digest(path), "bytes": path.stat().st_size} for path in sorted(files.iterdir())}
    return {
        "format": FORMAT,
        "model_version": header.model_version,
        "w": header.w,
        "dimension": DIM,
        "source": header.source,
        "n_songs": block.n_songs,
        "n_segments": block.n_segments,
        "ranges": {"songs": [block.songs.low, block.songs.high], "segments": [block.segments.low, block.segments.high]},
        "exact_limit": part.exact_limit,
        "visits": {name: one.visits for name, one in cells.items()},
        "files": described,
        "digest": hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest(),
    }


def _read(files: Path, document: dict[str, Any], exact_limit: int) -> Part:
    def array(name: str, dtype: type[np.generic]) -> Any:
        values = np.load(files / f"{name}.npy", allow_pickle=False)
        if values.dtype != dtype:
            raise ValueError(f"{name} is of type {values.dtype}")
        return values

    def points(name: str) -> Points:
        low, high = document["ranges"][name]
        return Points(array(name, np.uint16 if high > low else np.float32), low, high)

    block = Block(
        array("song_ids", np.int64),
        points("songs"),
        array("bounds", np.int64),
        array("starts", np.float32),
        array("ends", np.float32),
        points("segments"),
    )
    if (block.n_songs, block.n_segments) != (document["n_songs"], document["n_segments"]) or block.bounds[-1] != len(block.segments):
        raise ValueError("its files do not belong together")
    if document["exact_limit"] != exact_limit:
        return Part.build(block, exact_limit)
    if block.n_vectors <= exact_limit:
        return Part(block, None, exact_limit)
    visits = document["visits"]
    song_level, segment_level = (
        Level(rows, Cells.from_bytes((files / f"{name}.faiss").read_bytes(), visits[name], len(rows)) if name in visits else None)
        for name, rows in zip(_LEVELS, (block.songs, block.segments), strict=True)
    )
    return Part(block, None, exact_limit, (song_level, segment_level))


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise IndexFileError(f"there is no index in {folder}", _MEND) from error
    except OSError as error:
        raise _refused(folder, f"cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise _refused(folder, f"is damaged ({MANIFEST} is cut short or was changed)") from error
    if not isinstance(document, dict) or document.pop("checksum", None) != _checksum(document):
        raise _refused(folder, f"is damaged ({MANIFEST} does not have the checksum it was saved with)")
    return document


def _data_folder(folder: Path) -> Path | None:
    """The folder of arrays that the present manifest names; None where there is no sound manifest."""
    try:
        return folder / Path(_manifest(folder)["folder"]).name
    except IndexFileError:
        return None


def _refused(folder: Path, why: str) -> IndexFileError:
    return IndexFileError(f"the index in {folder} {why}", _MEND)


def _sweep(folder: Path, present: Path, before: Path | None) -> None:
    """Remove the arrays that were replaced, and what processes that died left; another one may be writing, so only what is old."""
    for path in folder.iterdir():
        ours = path.is_dir() and path.name.startswith((".part-", "data-")) and path != present
        if ours and (path == before or time.time() - path.stat().st_mtime > _STALE_S):
            shutil.rmtree(path, ignore_errors=True)


def _checksum(document: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        _flush(file)


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Make sure that the names in a folder outlast a power cut, where the system lets folders be synchronised."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
