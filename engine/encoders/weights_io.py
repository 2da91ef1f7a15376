"""Shipped weights and the manifest that says what each file must hash to. A flipped byte is found before a number is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from engine.calibration import IDENTITY, ModalityMap, load_maps
from engine.errors import ModelError

#: Where all encoders' weights lie.
WEIGHTS = Path(__file__).parent / "weights"

#: Maps each file, by its path relative to :data:`WEIGHTS`, to its SHA-256.
MANIFEST = "manifest.json"

#: The cross-modal maps, by their path in the manifest.
CALIBRATION = "calibration.json"

_MEND = "reinstall Emojuke or restore the file (git checkout -- engine/encoders/weights)"


def sha256(path: Path) -> str:
    """The SHA-256 of a file as 64 hex digits, read in bounded memory."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def verify_file(path: Path, expected: str, mend: str = _MEND) -> None:
    """Compare a file's SHA-256 with ``expected``.

    Raises:
        ModelError: when the file is missing, unreadable or differs; names the file and ``mend``.
    """
    try:
        found = sha256(path)
    except OSError as error:
        raise ModelError(f"the weights file {path.name} cannot be read ({error.strerror})", mend) from error
    if found != expected:
        raise ModelError(f"the weights file {path.name} is damaged (its SHA-256 is not the one recorded)", mend)


def read_manifest(root: Path = WEIGHTS) -> dict[str, str]:
    """The manifest under ``root``: relative POSIX path → SHA-256.

    Raises:
        ModelError: when it is missing or not such a mapping.
    """
    try:
        document = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"the list of weights {MANIFEST} cannot be read ({error})", _MEND) from error
    if not isinstance(document, dict) or not all(isinstance(v, str) for v in document.values()):
        raise ModelError(f"the list of weights {MANIFEST} is no mapping from file to hash", _MEND)
    return document


def write_manifest(files: Iterable[str], root: Path = WEIGHTS) -> None:
    """Record the present hashes of ``files`` (relative POSIX paths); entries of other files that still exist stay, the rest are dropped."""
    path = root / MANIFEST
    entries = read_manifest(root) if path.exists() else {}
    entries = {name: digest for name, digest in entries.items() if (root / name).exists()}
    entries.update({name: sha256(root / name) for name in files})
    scratch = path.with_suffix(".tmp")
    scratch.write_text(json.dumps(dict(sorted(entries.items())), indent=1) + "\n", encoding="utf-8")
    scratch.replace(path)


def verified(name: str, root: Path = WEIGHTS) -> Path:
    """The path of a weights file after its hash was found right.

    Args:
        name: relative POSIX path under ``root``, as in the manifest.

    Raises:
        ModelError: when the file is not in the manifest, missing or damaged.
    """
    entries = read_manifest(root)
    if name not in entries:
        raise ModelError(f"the weights file {name} is not in {MANIFEST}", _MEND)
    verify_file(root / name, entries[name])
    return root / name


def load_tensors(name: str, root: Path = WEIGHTS) -> dict[str, torch.Tensor]:
    """The tensors of a verified safetensors file, in the dtypes they were stored in.

    Raises:
        ModelError: as :func:`verified`, and when the file is no safetensors file.
    """
    path = verified(name, root)
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"the weights file {name} cannot be read ({error})", _MEND) from error


def shipped_maps(root: Path = WEIGHTS) -> dict[str, ModalityMap]:
    """The cross-modal maps of "text", "emoji" and "audio" after their hash was found right; the identity where none was fitted.

    Raises:
        ModelError: when the file is damaged, not in the manifest, or holds no maps.
    """
    fitted = load_maps(verified(CALIBRATION, root)) if (root / CALIBRATION).exists() else {}
    return {name: fitted.get(name, IDENTITY) for name in ("text", "emoji", "audio")}


def version_of(name: str, files: Iterable[str], root: Path = WEIGHTS) -> str:
    """``name`` with the first 8 hex digits of a hash over the manifest's hashes of ``files``: changes whenever a file does.

    Raises:
        ModelError: when a file is not in the manifest.
    """
    entries = read_manifest(root)
    digest = hashlib.sha256()
    for file in sorted(files):
        if file not in entries:
            raise ModelError(f"the weights file {file} is not in {MANIFEST}", _MEND)
        digest.update(f"{file}:{entries[file]}\n".encode())
    return f"{name}-{digest.hexdigest()[:8]}"
