"""Recordings on this machine: which files a folder holds, and what their tags say."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import SourceError

#: Endings of the files taken from a folder; the last two are videos whose sound is used.
EXTENSIONS = frozenset({".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".wav", ".aiff", ".aif", ".mp4", ".webm"})

#: Longest title, artist, album or genre kept, in characters.
MAX_TAG = 200
#: Values of one tag that are kept; some files list every musician.
_MAX_VALUES = 4

#: What each format calls a tag: EasyID3, EasyMP4, APE and Vorbis comments first, then the ID3 frames of wav and aiff.
_NAMES = {"title": ("title", "TIT2"), "artist": ("artist", "TPE1"), "album": ("album", "TALB"), "genre": ("genre", "TCON")}

_TRACK_NUMBER = re.compile(r"^\d{1,3}(?:\s*[.)_-]\s*|\s+)(?=\S)")
_DASH = re.compile(r"\s+[-–—]\s+")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Tags:
    """What is known of a recording by name; empty where nothing is known, only the title never is.

    All are printable, on one line, at most :data:`MAX_TAG` characters.
    """

    title: str
    artist: str = ""
    album: str = ""
    genre: str = ""


def audio_files(paths: Iterable[Path], on_error: Callable[[SourceError], None] | None = None) -> Iterator[Path]:
    """The files to score, in order: those named, whatever their ending, and those of the folders named, at any depth.

    In a folder, entries come sorted by name; hidden ones and endings outside :data:`EXTENSIONS` are left out. Links are followed, but no
    folder is entered twice, so that loops end.

    Args:
        paths: files and folders.
        on_error: called for a folder inside that cannot be read, after which the walk goes on; without it the walk ends there.

    Raises:
        SourceError: when one of ``paths`` does not exist, before anything is given; for an unreadable folder see ``on_error``.
    """
    named = [(Path(path), _is_folder(Path(path))) for path in paths]
    return _walk(named, on_error)


def read_tags(path: Path) -> Tags:
    """Title, artist, album and genre from a file's tags, and from its name ("Artist - Title") where they are missing.

    Never fails: tags that cannot be read are missing tags. Whether the file itself is sound shows when it is decoded.
    """
    tags = _raw_tags(path)
    found = {name: _value(tags, keys) for name, keys in _NAMES.items()}
    artist, title = name_parts(path)
    return Tags(title=found["title"] or title, artist=found["artist"] or artist, album=found["album"], genre=found["genre"])


def name_parts(path: Path) -> tuple[str, str]:
    """Artist (perhaps empty) and title from a file name such as ``03 - Artist - Title.mp3``."""
    stem = clean(path.stem if " " in path.stem else path.stem.replace("_", " "))
    parts = [part for part in _DASH.split(_TRACK_NUMBER.sub("", stem)) if part]
    if len(parts) > 1:
        return parts[0], parts[-1]
    return "", (parts[0] if parts else stem) or "untitled"


def clean(text: str) -> str:
    """``text`` on one line, without control characters and marks that turn the direction of writing, at most :data:`MAX_TAG` characters."""
    head = unicodedata.normalize("NFC", text[: 8 * MAX_TAG])  # the length is bounded before anything costs time
    line = _SPACES.sub(" ", "".join(_harmless(c) for c in head)).strip()
    return line if len(line) <= MAX_TAG else line[: MAX_TAG - 1].rstrip() + "…"


def _harmless(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cs", "Co", "Cn") or (category == "Cf" and unicodedata.bidirectional(character) != "BN"):
        return ""
    return " " if category in ("Cc", "Zl", "Zp") else character


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = (error.strerror if isinstance(error, OSError) else None) or "not a possible name"
        raise SourceError(f"{clean(str(path)) or 'the path'} cannot be read ({reason.lower()})", "check the path") from error


def _walk(named: list[tuple[Path, bool]], on_error: Callable[[SourceError], None] | None) -> Iterator[Path]:
    entered: set[tuple[int, int]] = set()
    # A stack of its own: folders may lie deeper than Python recurses.
    stack = [iter(named)]
    while stack:
        path, is_folder = next(stack[-1], (None, False))
        if path is None:
            stack.pop()
        elif is_folder:
            stack.append(iter(_entries(path, entered, on_error)))
        elif len(stack) == 1 or path.suffix.lower() in EXTENSIONS:
            yield path


def _entries(folder: Path, entered: set[tuple[int, int]], on_error: Callable[[SourceError], None] | None) -> list[tuple[Path, bool]]:
    """The visible entries of a folder, sorted by name, and which of them are folders; none when it was entered before."""
    try:
        status = folder.stat()
        identity = (status.st_dev, status.st_ino)
        if identity in entered:
            return []
        entered.add(identity)
        with os.scandir(folder) as found:
            entries = sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda entry: entry.name)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        problem = SourceError(f"the folder {clean(str(folder))} cannot be read ({reason})", "check its permissions")
        if on_error is None:
            raise problem from error
        on_error(problem)
        return []
    return [(Path(entry.path), _leads_to_folder(entry)) for entry in entries]


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, say; if its name is that of audio, reading it will say what is wrong
        return False


def _raw_tags(path: Path) -> object:
    """The tags as mutagen gives them, or None."""
    import mutagen

    try:
        file = mutagen.File(path, easy=True)
    except Exception:  # noqa: BLE001 - a parser of hostile bytes may raise anything; a file without tags is no error
        return None
    return None if file is None else file.tags


def _value(tags: object, keys: tuple[str, ...]) -> str:
    """The first of ``keys`` that holds text, cleaned; empty when none does."""
    get = getattr(tags, "get", None)
    if get is None:
        return ""
    for key in keys:
        try:
            value = get(key)
        except (KeyError, ValueError):  # EasyID3 and EasyMP4 know only some names
            continue
        values = value if isinstance(value, list) else getattr(value, "text", [] if value is None else [value])
        text = clean(", ".join(str(part)[: 8 * MAX_TAG] for part in values[:_MAX_VALUES]))
        if text:
            return text
    return ""
