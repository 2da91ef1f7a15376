"""Saved indexes: whole or refused, with a sentence that says why and what to do."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from engine.errors import IndexFileError
from engine.index import AffectIndex
from engine.index import storage as module
from tests.engine.index.libraries import VERSION, Songs, points, songs

#: Small enough that both levels of the library below need an inverted file.
LIMIT = 300


@pytest.fixture(scope="module")
def shelf() -> Songs:
    return songs(np.random.default_rng(20), 400)


@pytest.fixture
def saved(shelf: Songs, tmp_path: Path) -> Path:
    shelf.index(exact_limit=LIMIT, source="generation 1").save(tmp_path / "index")
    return tmp_path / "index"


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("limit", [LIMIT, 50_000])
def test_what_was_saved_answers_as_before(shelf: Songs, tmp_path: Path, limit: int) -> None:
    index = shelf.index(exact_limit=limit, source="generation 7")
    index.save(tmp_path)
    again = AffectIndex.load(tmp_path, VERSION, exact_limit=limit)
    assert (again.source, again.n_songs, again.n_segments) == ("generation 7", 400, len(shelf.owners))
    assert (again._state.built.levels is None) is (limit > LIMIT)
    for query in points(np.random.default_rng(21), 5):
        for permitted in (None, shelf.ids[::2], shelf.ids[:9]):
            assert again.search(query, 10, permitted) == index.search(query, 10, permitted)


def test_an_empty_index_can_be_saved(tmp_path: Path) -> None:
    AffectIndex(VERSION).save(tmp_path)
    assert AffectIndex.load(tmp_path, VERSION).search(np.zeros(65, dtype=np.float32), 5) == []


def test_a_smaller_limit_builds_what_was_not_saved(shelf: Songs, tmp_path: Path) -> None:
    shelf.index().save(tmp_path)
    assert AffectIndex.load(tmp_path, VERSION, exact_limit=LIMIT)._state.built.levels is not None


def test_saving_again_replaces_and_leaves_nothing_behind(shelf: Songs, saved: Path) -> None:
    before = {path.name for path in saved.iterdir()}
    index = AffectIndex.load(saved, VERSION, exact_limit=LIMIT)
    index.remove(shelf.ids[:5].tolist())
    index.add(*songs(np.random.default_rng(22), 3, first_id=5000).columns, VERSION)
    index.source = "generation 2"
    index.save(saved)
    after = {path.name for path in saved.iterdir()}
    assert len(after) == 2
    assert before & after == {"manifest.json"}
    again = AffectIndex.load(saved, VERSION, exact_limit=LIMIT)
    assert (again.source, again.n_songs) == ("generation 2", 398)
    assert len(again.search(points(np.random.default_rng(23), 1)[0], 398)) == 398


def test_what_a_dead_process_left_is_swept_away_once_it_is_old(shelf: Songs, saved: Path) -> None:
    old, young = saved / "data-0000000000000000", saved / ".part-young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "songs.npy").write_bytes(b"half")
    os.utime(old, (0, 0))
    shelf.index(source="generation 3").save(saved)
    assert (old.exists(), young.exists()) == (False, True)


def test_every_file_of_an_index_is_guarded(saved: Path) -> None:
    names = {path.name for path in _files(saved)}
    assert {"manifest.json", "songs.npy", "segments.npy", "songs.faiss", "segments.faiss"} <= names
    for path in _files(saved):
        sound = path.read_bytes()
        middle = len(sound) // 2
        damaged = {
            "cut in half": sound[:middle],
            "one byte turned": sound[:middle] + bytes([sound[middle] ^ 1]) + sound[middle + 1 :],
            "emptied": b"",
            "one byte more": sound + b"\n\x00",
        }
        for how, content in damaged.items():
            path.write_bytes(content)
            with pytest.raises(IndexFileError, match="rebuilt from the catalogue") as caught:
                AffectIndex.load(saved, VERSION, exact_limit=LIMIT)
            assert str(saved) in str(caught.value), (path.name, how)
        path.unlink()
        with pytest.raises(IndexFileError, match="rebuilt from the catalogue"):
            AffectIndex.load(saved, VERSION, exact_limit=LIMIT)
        path.write_bytes(sound)
    assert AffectIndex.load(saved, VERSION, exact_limit=LIMIT).n_songs == 400


def test_scores_of_another_model_or_scale_are_refused(saved: Path) -> None:
    with pytest.raises(IndexFileError, match="of the model audio-test, not of audio-next"):
        AffectIndex.load(saved, "audio-next", exact_limit=LIMIT)
    with pytest.raises(IndexFileError, match=r"VAD weight 0\.\d+, not 0\.7"):
        AffectIndex.load(saved, VERSION, w=0.7, exact_limit=LIMIT)


def test_an_index_of_another_format_is_refused(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FORMAT", module.FORMAT + 1)
    with pytest.raises(IndexFileError, match="another version of Emojuke"):
        AffectIndex.load(saved, VERSION, exact_limit=LIMIT)


@pytest.mark.parametrize("content", [b"[]", b"null", b"{}", b'{"checksum": 1}', b"\xff\xfe", b"not json"])
def test_a_manifest_that_is_none_is_refused(saved: Path, content: bytes) -> None:
    (saved / "manifest.json").write_bytes(content)
    with pytest.raises(IndexFileError, match="damaged"):
        AffectIndex.load(saved, VERSION, exact_limit=LIMIT)


def test_a_manifest_cannot_point_out_of_its_folder(saved: Path, tmp_path: Path) -> None:
    document = json.loads((saved / "manifest.json").read_text(encoding="utf-8"))
    del document["checksum"]
    (saved / document["folder"]).rename(tmp_path / "elsewhere")
    document["folder"] = "../elsewhere"
    (saved / "manifest.json").write_text(json.dumps({**document, "checksum": module._checksum(document)}), encoding="utf-8")
    with pytest.raises(IndexFileError, match="cannot be read"):
        AffectIndex.load(saved, VERSION, exact_limit=LIMIT)


def test_there_is_no_index_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(IndexFileError, match="there is no index in"):
        AffectIndex.load(tmp_path / "nowhere", VERSION)


def test_a_folder_that_cannot_be_made_gets_a_sentence(shelf: Songs, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(IndexFileError, match="cannot be written"):
        shelf.index().save(tmp_path / "file")


def test_a_disk_that_takes_half_an_array_is_called_full(shelf: Songs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(*_: object, **__: object) -> None:
        raise OSError("144820 requested and 31712 written")  # numpy's words, without an errno

    monkeypatch.setattr(module.np, "save", half)
    with pytest.raises(IndexFileError, match=r"is full or over its quota\); make room") as caught:
        shelf.index().save(tmp_path)
    assert "31712" not in str(caught.value)


def test_a_full_disk_leaves_the_old_index_whole(shelf: Songs, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(IndexFileError, match="No space left on device"):
        shelf.only(shelf.ids[:100]).index().save(saved)
    monkeypatch.undo()
    assert AffectIndex.load(saved, VERSION, exact_limit=LIMIT).n_songs == 400
    assert len(list(saved.iterdir())) == 2
