"""Folders full of surprises, and tags nobody should have written."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

import mutagen
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.id3 import TIT2, TPE1
from mutagen.wave import WAVE

from engine.errors import SourceError
from engine.sources.local import MAX_TAG, audio_files, clean, name_parts, read_tags
from tests.audio import Studio, tone


def _write(path: Path) -> Path:
    path.write_bytes(b"x")
    return path


def _touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return _write(path)


def test_a_folder_gives_its_audio_files_sorted_and_at_any_depth(tmp_path: Path) -> None:
    wanted = ["a.mp3", "b/one.FLAC", "b/two.opus", "c.webm", "d/e/f.aif"]
    for name in reversed(wanted):
        _touch(tmp_path / name)
    for name in ("cover.jpg", ".hidden.mp3", ".git/x.mp3", "notes.txt", "mp3"):
        _touch(tmp_path / name)
    assert [str(p.relative_to(tmp_path)) for p in audio_files([tmp_path])] == wanted


def test_a_file_that_is_named_is_given_whatever_its_ending(tmp_path: Path) -> None:
    odd, folder = _touch(tmp_path / "odd.bin"), tmp_path / "music"
    song = _touch(folder / "song.mp3")
    assert list(audio_files([odd, folder, odd])) == [odd, song, odd]


def test_loops_of_links_end_and_linked_files_are_found_once_a_folder(tmp_path: Path) -> None:
    song = _touch(tmp_path / "a" / "song.mp3")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "linked.mp3").symlink_to(song)
    assert sorted(audio_files([tmp_path])) == [song, tmp_path / "linked.mp3"]


def test_a_dead_link_is_given_so_that_it_can_be_reported(tmp_path: Path) -> None:
    link = tmp_path / "gone.mp3"
    link.symlink_to(tmp_path / "nowhere.mp3")
    assert list(audio_files([tmp_path])) == [link]


def test_folders_may_be_deeper_than_python_recurses(tmp_path: Path) -> None:
    depth = sys.getrecursionlimit() + 200
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):  # makedirs recurses itself
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    bottom = Path(str(tmp_path) + "/d" * depth)
    song = _write(bottom / "song.mp3")
    try:
        assert list(audio_files([tmp_path])) == [song]
    finally:
        song.unlink()
        os.removedirs(bottom)


def test_a_path_too_long_for_the_system_is_reported(tmp_path: Path) -> None:
    song, here, name = _touch(tmp_path / "song.mp3"), os.open(tmp_path, os.O_RDONLY), "d" * 200
    for _ in range(25):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    problems: list[SourceError] = []
    assert list(audio_files([tmp_path], problems.append)) == [song]
    assert len(problems) == 1
    assert len(str(problems[0])) < 500


@pytest.mark.parametrize("name", ["missing", "nul\0l"])
def test_a_missing_path_is_refused_before_anything_is_given(tmp_path: Path, name: str) -> None:
    song = _touch(tmp_path / "song.mp3")
    with pytest.raises(SourceError, match="cannot be read"):
        audio_files([song, tmp_path / name])


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_an_unreadable_folder_is_reported_and_the_walk_goes_on(tmp_path: Path) -> None:
    closed, song = tmp_path / "closed", _touch(tmp_path / "song.mp3")
    closed.mkdir(mode=0)
    problems: list[SourceError] = []
    assert list(audio_files([tmp_path], problems.append)) == [song]
    assert "closed" in str(problems[0])
    with pytest.raises(SourceError):
        list(audio_files([tmp_path]))


@pytest.mark.parametrize("ending", ["mp3", "flac", "ogg", "opus", "m4a", "mp4"])
def test_tags_are_read_from_every_format(audio: Studio, ending: str) -> None:
    tags = {"title": "Weiße Nächte", "artist": "Bent & Friends", "album": "Album ☂", "genre": "Ambient"}
    path = audio.encode(f"x.{ending}", tone(1.0), tags=tags)
    found = read_tags(path)
    assert (found.title, found.artist, found.album, found.genre) == ("Weiße Nächte", "Bent & Friends", "Album ☂", "Ambient")


def test_id3_in_a_wav_is_read(audio: Studio) -> None:
    path = audio.wav("x.wav", tone(1.0))
    file = WAVE(path)
    file.add_tags()
    file.tags.add(TIT2(encoding=3, text=["Song"]))
    file.tags.add(TPE1(encoding=3, text=["One", "Two"]))
    file.save()
    assert (read_tags(path).title, read_tags(path).artist) == ("Song", "One, Two")


def test_hostile_tags_are_cut_and_made_one_printable_line(audio: Studio) -> None:
    path = audio.encode("x.flac", tone(1.0))
    file = mutagen.File(path)
    file["title"] = ["@everyone\n\x1b[31m\u202egnp.exe\x00" + "x" * 100_000]
    file["artist"] = [f"artist {i}" for i in range(1000)]
    file["genre"] = ["\x07\n"]
    file.save()
    tags = read_tags(path)
    assert tags.title.startswith("@everyone [31mgnp.exe")
    assert len(tags.title) == MAX_TAG
    assert tags.artist == "artist 0, artist 1, artist 2, artist 3"
    assert tags.genre == ""


@pytest.mark.parametrize(
    "content", [b"", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f", b"fLaC" + b"\xff" * 40, b"OggS" + bytes(60), b"RIFF\xff\xff\xff\xffWAVE"]
)
def test_damaged_files_have_the_tags_of_their_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "Someone - Something.mp3"
    path.write_bytes(content)
    assert (read_tags(path).artist, read_tags(path).title) == ("Someone", "Something")


def test_a_missing_file_has_the_tags_of_its_name(tmp_path: Path) -> None:
    assert read_tags(tmp_path / "a - b.mp3").artist == "a"


@pytest.mark.parametrize(
    ("name", "artist", "title"),
    [
        ("Artist - Title.mp3", "Artist", "Title"),
        ("03 - Artist - Title.flac", "Artist", "Title"),
        ("03. Title.flac", "", "Title"),
        ("Artist – Album – Title.mp3", "Artist", "Title"),
        ("99 Luftballons.mp3", "", "Luftballons"),
        ("1999.mp3", "", "1999"),
        ("some_song_name.wav", "", "some song name"),
        ("Jay-Z.mp3", "", "Jay-Z"),
        (" - .mp3", "", "-"),
        ("\n.mp3", "", "untitled"),
    ],
)
def test_names_are_taken_apart(name: str, artist: str, title: str) -> None:
    assert name_parts(Path(name)) == (artist, title)


@given(st.text(max_size=2000))
def test_whatever_comes_out_is_short_and_printable(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) <= MAX_TAG
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in cleaned)
    assert cleaned == cleaned.strip()


@given(st.binary(max_size=60).filter(lambda b: b"/" not in b and b"\0" not in b and b not in (b"", b".", b"..")))
def test_any_file_name_gives_a_title(name: bytes) -> None:
    artist, title = name_parts(Path(os.fsdecode(name)))
    assert title
    (artist + title).encode()  # nothing undecodable is left
