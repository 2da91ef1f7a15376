"""Which ffmpeg is taken, and that its command line opens nothing but the file it was given."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.audio import ffmpeg
from engine.audio.ffmpeg import can_fingerprint, command, ffmpeg_path, ffmpeg_version
from engine.errors import ToolError


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    ffmpeg_path.cache_clear()
    can_fingerprint.cache_clear()
    yield
    ffmpeg_path.cache_clear()
    can_fingerprint.cache_clear()


def _program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_the_one_in_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = _program(tmp_path / "ffmpeg", "echo '  E  chromaprint     Chromaprint'")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert ffmpeg_path() == str(own)


@pytest.mark.parametrize("script", ["echo '  E  mp3  MP3'", "exit 3", "echo '  D  chromaprint'"])
def test_one_without_chromaprint_gives_way_to_one_that_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    first = _program(tmp_path / "1" / "ffmpeg", script)
    second = _program(tmp_path / "2" / "ffmpeg", "echo '  E  chromaprint     Chromaprint'")
    monkeypatch.setattr(ffmpeg, "_programs", lambda: [str(first), str(second)])
    assert ffmpeg_path() == str(second)


def test_without_chromaprint_anywhere_it_goes_on_and_says_what_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, plain = _program(tmp_path / "1" / "ffmpeg", "exit 1"), _program(tmp_path / "2" / "ffmpeg", "echo '  E  mp3  MP3'")
    monkeypatch.setattr(ffmpeg, "_programs", lambda: [str(broken), str(plain)])
    assert ffmpeg_path() == str(plain)
    assert "will not be recognised" in caplog.text


def test_an_error_says_what_was_tried_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = _program(tmp_path / "ffmpeg", "exit 1")
    monkeypatch.setattr(ffmpeg, "_programs", lambda: [str(own)])
    with pytest.raises(ToolError, match=r"ended with status 1.*install ffmpeg"):
        ffmpeg_path()
    monkeypatch.setattr(ffmpeg, "_programs", list)
    with pytest.raises(ToolError, match="ffmpeg is not installed; install"):
        ffmpeg_path()


def test_one_of_them_always_comes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("IMAGEIO_FFMPEG_EXE", raising=False)
    assert "imageio_ffmpeg" in ffmpeg_path()


def test_it_reports_its_version() -> None:
    assert ffmpeg_version(ffmpeg_path()) not in ("", "unknown")
    with pytest.raises(ToolError):
        ffmpeg_version("/nowhere/ffmpeg")


@pytest.mark.parametrize("name", ["-y", "http://example.org/x.mp3", "a'b\"c\nd.mp3", "concat:a|b", "%d.png"])
def test_a_name_is_only_ever_the_name_of_a_file(name: str) -> None:
    arguments = command("ffmpeg", Path(name), 16_000, 5)
    assert arguments[arguments.index("-i") + 1] == f"file:{Path(name)}"
    assert arguments[arguments.index("-protocol_whitelist") + 1] == "file"
    assert sum(name in argument for argument in arguments) <= 1


def test_without_chromaprint_there_is_one_output() -> None:
    arguments = command("ffmpeg", Path("x.mp3"), 16_000, None)
    assert [a for a in arguments if a.startswith("pipe:")] == ["pipe:1"]
    assert "chromaprint" not in arguments


def test_one_process_decodes_once_for_both_outputs() -> None:
    arguments = command("ffmpeg", Path("x.mp3"), 16_000, 5)
    assert arguments.count("-i") == 1
    assert [a for a in arguments if a.startswith("pipe:")] == ["pipe:1", "pipe:5"]
    assert arguments[arguments.index("-threads") + 1] == "1"
    assert "-nostdin" in arguments
