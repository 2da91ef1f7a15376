"""The manifest finds a flipped byte, a missing file and a file nobody listed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.calibration import IDENTITY
from engine.encoders.weights_io import (
    MANIFEST,
    WEIGHTS,
    load_tensors,
    read_manifest,
    sha256,
    shipped_maps,
    verified,
    version_of,
    write_manifest,
)
from engine.errors import ModelError
from engine.ranking import MatchScale

NAME = "text/weights.safetensors"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "text").mkdir()
    save_file({"w": torch.arange(6.0)}, tmp_path / NAME)
    write_manifest([NAME], tmp_path)
    return tmp_path


def test_good_weights_load(root: Path) -> None:
    assert load_tensors(NAME, root)["w"].tolist() == [0, 1, 2, 3, 4, 5]
    assert read_manifest(root) == {NAME: sha256(root / NAME)}


@pytest.mark.parametrize("position", [0, 40, -1])
def test_one_flipped_bit_is_found(root: Path, position: int) -> None:
    data = bytearray((root / NAME).read_bytes())
    data[position] ^= 1
    (root / NAME).write_bytes(data)
    with pytest.raises(ModelError, match=r"weights\.safetensors is damaged.*; reinstall"):
        load_tensors(NAME, root)


def test_a_missing_file_is_named(root: Path) -> None:
    (root / NAME).unlink()
    with pytest.raises(ModelError, match=r"weights\.safetensors cannot be read"):
        verified(NAME, root)


def test_a_file_outside_the_manifest_is_refused(root: Path) -> None:
    with pytest.raises(ModelError, match=r"is not in manifest\.json"):
        verified("text/other.safetensors", root)
    with pytest.raises(ModelError, match=r"is not in manifest\.json"):
        version_of("x", ["text/other.safetensors"], root)


def test_a_listed_file_that_is_no_safetensors_file_is_refused(root: Path) -> None:
    (root / NAME).write_bytes(b"plainly not")
    write_manifest([NAME], root)
    with pytest.raises(ModelError, match="cannot be read"):
        load_tensors(NAME, root)


@pytest.mark.parametrize("content", ["", "[1]", '{"a": 1}', "{"])
def test_a_damaged_manifest_is_one_clear_error(root: Path, content: str) -> None:
    (root / MANIFEST).write_text(content)
    with pytest.raises(ModelError, match=r"manifest\.json"):
        read_manifest(root)


def test_the_version_follows_the_bytes(root: Path) -> None:
    before = version_of("encoder", [NAME], root)
    save_file({"w": torch.arange(7.0)}, root / NAME)
    write_manifest([NAME], root)
    after = version_of("encoder", [NAME], root)
    assert before.startswith("encoder-")
    assert len(after) == len("encoder-") + 8
    assert before != after


def test_writing_keeps_the_others_and_drops_the_gone(root: Path) -> None:
    (root / "audio").mkdir()
    (root / "audio/a.bin").write_bytes(b"a")
    write_manifest(["audio/a.bin"], root)
    assert set(read_manifest(root)) == {NAME, "audio/a.bin"}
    (root / "audio/a.bin").unlink()
    write_manifest([NAME], root)
    assert set(read_manifest(root)) == {NAME}


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    for name in (MANIFEST, "calibration.json", "match.json"):
        shutil.copy(WEIGHTS / name, tmp_path / name)
    return tmp_path


def flip_a_digit(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "9" in text
    path.write_text(text.replace("9", "8", 1), encoding="utf-8")


def test_the_shipped_maps_and_match_are_those_of_the_manifest(shipped: Path) -> None:
    assert set(shipped_maps(shipped)) == {"text", "emoji", "audio"}
    assert MatchScale.load(shipped / "match.json") == MatchScale.load()


def test_a_flipped_digit_of_the_maps_is_one_sentence(shipped: Path) -> None:
    flip_a_digit(shipped / "calibration.json")
    with pytest.raises(ModelError, match=r"^the weights file calibration\.json is damaged[^;]*; reinstall Emojuke[^;]*\.$"):
        shipped_maps(shipped)


def test_a_flipped_digit_of_the_match_is_one_sentence(shipped: Path) -> None:
    flip_a_digit(shipped / "match.json")
    with pytest.raises(ModelError, match=r"^the weights file match\.json is damaged[^;]*; reinstall Emojuke[^;]*\.$"):
        MatchScale.load(shipped / "match.json")


def test_without_fitted_maps_every_modality_stays_as_it_is(root: Path) -> None:
    assert all(map_ is IDENTITY for map_ in shipped_maps(root).values())
