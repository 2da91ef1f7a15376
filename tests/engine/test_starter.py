"""The starter catalogue: what ships can be read, and a damaged one says so."""

from __future__ import annotations

import numpy as np
import pytest

from engine.encoders.base import AudioScore
from engine.errors import ModelError
from engine.scoring import ScoredRecording
from engine.starter import StarterItem, load_starter, save_starter, starter_version


def item(uid: str, segments: int, version: str = "net-1+oof") -> StarterItem:
    rng = np.random.default_rng(len(uid) + segments)
    emoji = rng.dirichlet(np.ones(62), segments).astype(np.float32)
    score = AudioScore(
        vad=rng.random((segments, 3), dtype=np.float32),
        emoji=emoji,
        embedding=rng.normal(size=(segments, 8)).astype(np.float16),
        uncertainty=rng.random((segments, 2), dtype=np.float32),
    )
    starts = np.arange(segments, dtype=np.float32) * 10
    scored = ScoredRecording(
        duration_s=10.0 * segments,
        fingerprint=np.empty(0, dtype=np.uint32),
        model_version=version,
        song_vad=score.vad.mean(axis=0),
        song_emoji=emoji.mean(axis=0),
        starts=starts,
        ends=starts + 10,
        segments=score,
    )
    return StarterItem(uid, f"Title “{uid}”", "Ärtist", "Folk", "https://example.org/?q=x", scored)


def test_what_is_saved_comes_back(tmp_path):
    saved = [item("deam:1", 1), item("deam:22", 3), item("deam:333", 2)]
    save_starter(saved, tmp_path)
    loaded = load_starter(tmp_path)
    assert [i.uid for i in loaded] == ["deam:1", "deam:22", "deam:333"]
    assert loaded[1].title == "Title “deam:22”"
    assert starter_version(tmp_path) == "net-1+oof"
    for before, after in zip(saved, loaded, strict=True):
        np.testing.assert_array_equal(after.scored.starts, before.scored.starts)
        np.testing.assert_allclose(after.scored.segments.vad, before.scored.segments.vad)
        np.testing.assert_allclose(after.scored.segments.emoji, before.scored.segments.emoji, atol=1e-3)
        np.testing.assert_array_equal(after.scored.segments.embedding, before.scored.segments.embedding)


def test_versions_never_mix(tmp_path):
    with pytest.raises(ValueError, match="one model version"):
        save_starter([item("a", 1, "one"), item("b", 1, "two")], tmp_path)


@pytest.mark.parametrize("name", ["tracks.jsonl", "scores.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_damaged_starter_says_so(tmp_path, name, damage):
    save_starter([item("deam:1", 2), item("deam:2", 1)], tmp_path)
    path = tmp_path / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ModelError, match="starter"):
        load_starter(tmp_path)


@pytest.mark.parametrize("name", ["tracks.jsonl", "scores.safetensors"])
def test_a_single_flipped_bit_is_noticed(tmp_path, name):
    save_starter([item("deam:1", 2), item("deam:2", 1)], tmp_path)
    path = tmp_path / name
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="starter"):
        load_starter(tmp_path)


def test_the_shipped_starter_holds_deams_songs_and_no_song_by_a_model_that_saw_it():
    items = load_starter()
    assert len(items) == 1619
    assert len({i.uid for i in items}) == 1619
    assert starter_version().endswith("+oof")
    assert sum(len(i.scored.starts) for i in items) == 1619 + 609
    assert all(i.title and i.artist and "search" in i.url for i in items)
    vad = np.stack([i.scored.song_vad for i in items])
    assert vad.min() >= 0.0
    assert vad.max() <= 1.0
    assert (vad.std(axis=0)[:2] > 0.02).all()
