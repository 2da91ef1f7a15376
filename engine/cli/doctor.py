"""`emojuke doctor`: is everything there, and if not, what mends it."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from engine.cli.output import Failed, guarded, printable, to_json, write
from engine.errors import EmojukeError, IndexFileError

if TYPE_CHECKING:
    from engine.settings import Settings

State = Literal["ok", "warn", "bad"]

#: Free bytes below which an import may fail soon, and below which one surely does.
_SCARCE, _NONE_LEFT = 1_000_000_000, 100_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """What one look at the set-up found.

    Attributes:
        name: what was looked at.
        state: "ok", "warn" or "bad".
        found: in a few words.
        mend: what to do; empty when nothing.
    """

    name: str
    state: State
    found: str
    mend: str = ""


@guarded
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False) -> None:
    """Check the set-up: Python, torch, ffmpeg, model files, disk, home folder, catalogue, index. Says the mend."""
    checks = list(examine())
    for check in checks:
        if as_json:
            write(to_json({"check": check.name, "state": check.state, "found": check.found, "mend": check.mend}))
        else:
            mend = f" → {printable(check.mend)}" if check.mend else ""
            write(f"{check.state:<4}  {check.name:<12} {printable(check.found)}{mend}")
    if any(check.state == "bad" for check in checks):
        raise Failed


def examine() -> Iterator[Check]:
    """Look at everything; a look that fails is a finding itself."""
    yield python_check()
    yield _looked("settings", _settings)
    yield _looked("torch", _torch)
    yield _looked("faiss", _faiss)
    yield _looked("ffmpeg", _ffmpeg)
    yield _looked("models", _models)
    yield _looked("home", _home)
    yield _looked("disk", _disk)
    yield _looked("catalogue", _catalogue)
    yield _looked("index", _index)
    yield script_check()


def _looked(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except EmojukeError as error:
        return Check(name, "bad", error.problem, error.mend)
    except (OSError, ImportError) as error:
        return Check(name, "bad", str(error), "run make install again")


def python_check(running: tuple[int, int, int] = sys.version_info[:3]) -> Check:
    """Whether Python is new enough."""
    found = f"{platform.python_implementation()} {'.'.join(map(str, running[:3]))}"
    return Check("python", "ok", found) if running >= (3, 11) else Check("python", "bad", found, "install Python 3.11 or newer")


def _chosen() -> Settings:
    from engine.settings import settings

    return settings()


def _settings() -> Check:
    chosen = _chosen()
    return Check("settings", "ok", f"home {chosen.home}, device {chosen.device}, starter {'on' if chosen.starter else 'off'}")


def _torch() -> Check:
    import torch

    from engine.encoders.audio import chosen_device
    from engine.models import device_name

    return Check("torch", "ok", f"{torch.__version__}, scores on {device_name(chosen_device(_chosen().device))}")


def _faiss() -> Check:
    import faiss

    both = [name for name in ("faiss-cpu", "faiss-gpu-cu12") if _installed(name)]
    if len(both) > 1:
        return Check("faiss", "warn", "faiss-cpu and faiss-gpu share a folder and are both installed", "uninstall both, then install one")
    return Check("faiss", "ok", f"{faiss.__version__} ({', '.join(both) or 'of another package'})")


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _ffmpeg() -> Check:
    from engine.audio.ffmpeg import MEND, can_fingerprint, ffmpeg_path, ffmpeg_version

    program = ffmpeg_path()
    found = f"{ffmpeg_version(program)} at {program}"
    if can_fingerprint(program):
        return Check("ffmpeg", "ok", f"{found}, with Chromaprint")
    return Check("ffmpeg", "warn", f"{found} has no Chromaprint, so a recording added twice is not recognised", MEND)


def _models() -> Check:
    from engine.encoders.backbone import PACKAGE, TOKENIZER_SHA256, WEIGHTS_SHA256, package_folder
    from engine.encoders.weights_io import read_manifest, verified, verify_file
    from engine.starter import load_starter

    names = list(read_manifest())
    size = sum(verified(name).stat().st_size for name in names)
    mend = f"reinstall the package {PACKAGE.replace('_', '-')}"
    verify_file(package_folder() / "model.safetensors", WEIGHTS_SHA256, mend)
    verify_file(package_folder() / "tokenizer.json", TOKENIZER_SHA256, mend)
    songs = len(load_starter()) if _chosen().starter else 0
    return Check("models", "ok", f"{len(names)} files, {size / 1e6:.1f} MB, and the backbone, all sound; {songs:,} starter songs")


def _home() -> Check:
    return Check("home", "ok", f"{_chosen().prepare_home()} can be written")


def _disk() -> Check:
    folder = _nearest(_chosen().home)
    return disk_check(folder, shutil.disk_usage(folder).free)


def disk_check(folder: Path, free: int) -> Check:
    """Whether there is space; ``free`` in bytes."""
    found = f"{free / 1e9:.1f} GB free on the disk of {folder}"
    if free < _NONE_LEFT:
        return Check("disk", "bad", found, "free some space or set EMOJUKE_HOME to another disk")
    if free < _SCARCE:
        return Check("disk", "warn", found, "free some space before adding many songs")
    return Check("disk", "ok", found)


def _nearest(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.exists())


def _catalogue() -> Check:
    from engine.catalogue import LOCAL_GUILD, Catalogue

    file = _chosen().catalogue_file
    if not file.exists():
        return Check("catalogue", "ok", "empty; it is made at the first start")
    with Catalogue(file, busy_timeout_s=5.0) as catalogue:
        problems = catalogue.check()
        tracks, failed = catalogue.count_tracks([LOCAL_GUILD]), len(catalogue.errors(LOCAL_GUILD))
    if problems:
        return Check("catalogue", "bad", f"{file} is damaged ({problems[0]})", "restore a backup that lies beside it, or move it away")
    note = f", {failed:,} files failed (emojuke catalogue errors lists them)" if failed else ""
    return Check("catalogue", "ok", f"{tracks:,} songs of your own, sound{note}")


def _index() -> Check:
    from engine.catalogue import Catalogue
    from engine.index import AffectIndex
    from engine.library import index_version
    from engine.models import audio_version

    chosen = _chosen()
    if not chosen.index_folder.exists():
        return Check("index", "ok", "not there yet; it is built at the first search")
    try:
        index = AffectIndex.load(chosen.index_folder, index_version(audio_version()))
    except IndexFileError as error:
        return Check("index", "warn", error.problem, "nothing: it is rebuilt at the next search, or now by emojuke index")
    with Catalogue(chosen.catalogue_file, busy_timeout_s=5.0) as catalogue:
        behind = index.source != str(catalogue.generation())
    if behind:
        return Check("index", "warn", "behind the catalogue", "nothing: the next search brings it up to date, or emojuke index does now")
    return Check("index", "ok", f"{index.n_songs:,} songs and {index.n_segments:,} segments")


def script_check(find: Callable[[str], str | None] = shutil.which) -> Check:
    """A JavaScript runtime, which yt-dlp will want for some links; nothing here needs it yet."""
    found = next((path for path in map(find, ("deno", "node", "bun")) if path), None)
    return Check(
        "javascript", "ok", f"{found} (optional: only links will need it)" if found else "none (optional: only links will need it)"
    )
