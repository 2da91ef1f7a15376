"""Everything under "Bad input" of the foundation issue, through the command line: one sentence, an exit code, and nothing stored is lost.

Audio is scored by a small stand-in network with the real decoder, queries by the shipped encoders.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine import assistant as assistant_module
from engine.assistant import Assistant
from engine.audio import decode
from engine.catalogue import Catalogue
from engine.cli.doctor import disk_check, examine, python_check, script_check
from engine.encoders import weights_io
from engine.encoders.text import read_text_encoder
from engine.errors import ModelError
from engine.models import Models, audio_version
from engine.scoring import Scorer
from engine.settings import CHECKOUT, settings
from tests.audio import Studio, noise, silence, song, tone, transcode
from tests.engine.conftest import MOODS, add_song
from tests.engine.test_cli import emojuke
from tests.engine.test_scoring import LoudnessEncoder


class Ears(LoudnessEncoder):
    """The stand-in under the shipped encoder's version, so that its songs are searched."""

    def __init__(self) -> None:
        super().__init__()
        self.version = audio_version()
        self.device = "cpu"


@pytest.fixture(autouse=True)
def home(emojuke_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with eighteen songs and without the starter; files are heard by the stand-in."""
    monkeypatch.setenv("EMOJUKE_STARTER", "false")
    monkeypatch.setattr(Models, "audio", lambda _: Ears())
    monkeypatch.setattr(Models, "scorer", lambda _: Scorer(Ears()))
    settings.cache_clear()
    with Assistant.open() as opened:
        for i, (v, a, d, symbol) in enumerate(MOODS):
            add_song(opened, f"Song {i}", (v, a, d), symbol, artist=f"Artist {i % 6}")
    return emojuke_home


def stored() -> int:
    """How many songs are in the catalogue now."""
    with Catalogue(settings().catalogue_file) as catalogue:
        return catalogue.count_tracks([1])


def refused(*arguments: str) -> str:
    """The sentence a command refuses with; nothing else is printed and nothing stored is lost."""
    code, out, err = emojuke(*arguments)
    assert code == 1
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert err.rstrip().endswith(".")
    assert stored() == len(MOODS)
    return err


def answered(query: str) -> tuple[dict[str, object], str]:
    """The answer to a query as JSON, and what was said beside it."""
    code, out, err = emojuke("search", query, "--json", "--top", "3")
    assert code == 0
    document = json.loads(out)
    assert len(document["matches"]) == 3
    return document, err


@pytest.mark.parametrize("query", ["", " ", " \t\n ", "\u200b\u200d", "?!... -- ***", "\x00\x1b\x07"])
def test_a_message_that_says_nothing(query: str) -> None:
    assert "write how you feel in a few words, or send an emoji" in refused("search", query)
    assert refused("affect", query)


def test_ten_thousand_characters() -> None:
    _, said = answered("so sad and tired of it all " * 400)
    assert "first 4,000 characters" in said


def test_control_characters_are_never_printed() -> None:
    _, out, _ = emojuke("search", "sad\x1b[2J\x1b]0;owned\x07 \x9b31m mood", "--top", "1")
    assert not set(out) & {"\x1b", "\x07", "\x9b"}


@pytest.mark.parametrize(("query", "note"), [
    ("شعور حزين جدا هذا المساء", True), ("אני כל כך עצוב היום", True), ("я так скучаю по тебе сегодня", True), ("今日はとても悲しい", True),
    ("je suis vraiment très triste aujourd'hui parce que tu es partie", True), ("h̷̢̛̗e̸̡͝a̶̛̤r̵̖͑t̴̗͝ broken", False),
    ("\u202esad song\u202c", False),
])  # fmt: skip
def test_other_scripts_and_languages_are_answered(query: str, note: bool) -> None:
    _, said = answered(query)
    assert ("I understand English best" in said) == note


def test_an_unknown_custom_emoji_is_read_by_its_name() -> None:
    _, said = answered("<:zzqq_blorp:123456789012345678>")
    assert "only by name" in said
    assert answered("<a:pepe_sad:1>")[1] == ""


def test_a_folder_that_is_not_there() -> None:
    assert "no such file or directory" in refused("catalogue", "add", "/nowhere/at/all")
    assert "no such file or directory" in refused("score", "/nowhere/at/all.mp3")


def test_a_folder_without_audio(tmp_path: Path) -> None:
    assert "no audio file" in refused("score", str(tmp_path))
    code, out, err = emojuke("catalogue", "add", str(tmp_path))
    assert (code, out) == (0, "0 added, 0 already known, 0 failed, of 0 files.\n")
    assert "no audio file" in err


def test_nothing_can_be_added_to_the_starter(tmp_path: Path) -> None:
    assert emojuke("catalogue", "add", str(tmp_path), "--guild", "0")[0] == 2


@pytest.mark.parametrize("number", ["-1", str(2**63)])
def test_a_guild_or_track_that_cannot_be(number: str) -> None:
    for arguments in (("search", "sad", "--guild", number), ("catalogue", "list", "--guild", number), ("catalogue", "show", "--", number)):
        code, out, err = emojuke(*arguments)
        assert (code, out) == (2, "")
        assert "Invalid value" in err


def broken(name: str, audio: Studio) -> Path:
    """A file that cannot be scored, made on the spot."""
    path = audio.folder / name
    if name == "zero.mp3":
        path.write_bytes(b"")
    elif name == "text.mp3":
        path.write_text("these are words and no sound\n" * 200, encoding="utf-8")
    elif name == "silence.wav":
        audio.wav(name, silence(5.0))
    elif name == "short.wav":
        audio.wav(name, tone(0.5))
    elif name == "truncated.m4a":
        whole = audio.encode("whole.m4a", tone(20.0))
        path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
        whole.unlink()
    elif name == "picture.mp3":
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    return path


BROKEN = ["zero.mp3", "text.mp3", "silence.wav", "short.wav", "truncated.m4a", "picture.mp3"]


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_heard(name: str, audio: Studio) -> None:
    path = broken(name, audio)
    sentence = refused("score", str(path))
    assert name in sentence
    code, out, err = emojuke("catalogue", "add", str(path))
    assert (code, out) == (1, "0 added, 0 already known, 1 failed, of 1 file.\n")
    assert sentence in err
    (listed,) = [json.loads(line) for line in emojuke("catalogue", "errors", "--json")[1].splitlines()]
    assert (listed["path"], listed["tries"]) == (str(path), 1)
    assert listed["reason"] == sentence.strip()
    emojuke("catalogue", "add", str(path))
    assert json.loads(emojuke("catalogue", "errors", "--json")[1])["tries"] == 1  # not tried again until it changes
    assert stored() == len(MOODS)


def test_good_files_in_a_bad_folder_are_added(audio: Studio) -> None:
    for name in BROKEN:
        broken(name, audio)
    audio.song("fine.mp3", 16.0, seed=5)
    code, out, err = emojuke("catalogue", "add", str(audio.folder))
    assert (code, out) == (0, f"1 added, 0 already known, {len(BROKEN)} failed, of {len(BROKEN) + 1} files.\n")
    assert "emojuke catalogue errors" in err
    assert stored() == len(MOODS) + 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read any file")
def test_a_file_without_permission(audio: Studio) -> None:
    path = audio.wav("locked.wav", tone(5.0))
    path.chmod(0)
    assert "permission denied" in refused("score", str(path)).lower()


def test_a_truncated_mp3_counts_as_far_as_it_goes(audio: Studio) -> None:
    whole = audio.encode("whole.mp3", tone(30.0))
    half = audio.folder / "half.mp3"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    code, out, err = emojuke("score", str(half), "--json")
    assert code == 0
    assert 12 < json.loads(out)["duration_s"] < 18
    assert "half.mp3" in err


@pytest.mark.parametrize(("name", "rate", "channels", "arguments"), [
    ("low.wav", 8000, 1, ()), ("high.flac", 96000, 1, ()), ("odd.wav", 11127, 1, ()), ("surround.flac", 48000, 1, ("-af",
    "pan=7.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0|c6=c0|c7=c0")),
])  # fmt: skip
def test_any_rate_and_any_number_of_channels(name: str, rate: int, channels: int, arguments: tuple[str, ...], audio: Studio) -> None:
    path = audio.encode(name, noise(16.0, rate=rate), *arguments, rate=rate, channels=channels)
    code, out, _ = emojuke("score", str(path), "--json")
    assert code == 0
    assert json.loads(out)["duration_s"] == pytest.approx(16.0, abs=0.1)


def test_the_sound_of_a_film_counts(audio: Studio) -> None:
    sound = audio.wav("sound.wav", song(16.0))
    film = transcode(sound, audio.folder / "film.mp4", "-f", "lavfi", "-i", "color=c=blue:s=64x64:r=5", "-shortest")
    code, out, _ = emojuke("score", str(film), "--json")
    assert (code, len(json.loads(out)["segments"])) == (0, 1)


@pytest.mark.parametrize(
    "name", ['it\'s "quoted".wav', "two\nlines.wav", "-dash.wav", "[glob]*?.wav", "emoji 😢.wav", "tab\t$(id)`id`.wav"]
)
def test_any_file_name(name: str, audio: Studio) -> None:
    path = audio.wav(name, song(16.0))
    code, out, _ = emojuke("score", str(path), "--json")
    assert (code, json.loads(out)["path"]) == (0, str(path))
    code, out, _ = emojuke("catalogue", "add", str(path))
    assert (code, out) == (0, "1 added, 0 already known, 0 failed, of 1 file.\n")
    _, out, _ = emojuke("catalogue", "list", "--json")
    assert str(path) in [json.loads(line)["path"] for line in out.splitlines()]
    assert not set(emojuke("catalogue", "list")[1]) & {"\t", "\r", "\x1b"}


def test_a_file_longer_than_the_limit(audio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    path = audio.wav("long.wav", tone(40.0, rate=8000), rate=8000)
    monkeypatch.setattr(Models, "scorer", lambda _: Scorer(Ears(), max_duration_s=30.0))
    assert "long.wav" in refused("score", str(path))
    assert decode.MAX_DURATION_S >= 10 * 3600  # ten hours are scored in bounded memory, as the decoder's own tests show


def test_hostile_tags_are_harmless_everywhere(audio: Studio) -> None:
    tags = {"title": "\x1b[31m[bold]pwned[/bold]\x07\u202e", "artist": "'; DROP TABLE tracks; --"}
    path = audio.song("tagged.flac", 16.0, tags=tags)
    assert emojuke("catalogue", "add", str(path))[0] == 0
    _, out, _ = emojuke("catalogue", "list", "pwned")
    assert "[bold]pwned[/bold]" in out
    assert not set(out) & {"\x1b", "\x07", "\u202e"}
    assert stored() == len(MOODS) + 1


def test_a_catalogue_locked_by_another_process(audio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    path = audio.wav("song.wav", song(16.0))
    monkeypatch.setattr(assistant_module, "Catalogue", functools.partial(Catalogue, busy_timeout_s=0.2))
    emojuke("index")
    with sqlite3.connect(settings().catalogue_file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        code, out, err = emojuke("catalogue", "add", str(path))
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert "locked by another process" in err
        assert len(json.loads(emojuke("search", "sad", "--json")[1])["matches"]) == 10  # reading goes on
        other.execute("ROLLBACK")
    assert stored() == len(MOODS)
    assert emojuke("catalogue", "add", str(path))[0] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_full_disk(tmp_path: Path) -> None:
    program = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))\n"
        "from engine.cli import main\n"
        "sys.argv = ['emojuke', 'search', 'sad']\n"
        "main()\n"
    )
    environment = {**os.environ, "EMOJUKE_HOME": str(tmp_path / "new"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=CHECKOUT, env=environment, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "disk" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_index_that_cannot_be_saved_is_said_and_answers_go_on(home: Path) -> None:
    settings().index_folder.write_text("in the way", encoding="utf-8")
    code, out, err = emojuke("search", "sad", "--json")
    assert (code, len(json.loads(out)["matches"])) == (0, 10)
    assert "could not be saved" in err


def test_an_index_file_cut_in_half() -> None:
    before, _ = answered("sad")
    files = [file for file in settings().index_folder.rglob("*") if file.is_file() and file.stat().st_size > 1000]
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    after, said = answered("sad")
    assert said.startswith("Rebuilding the index")
    assert said.count("\n") == 1
    assert after == before
    assert answered("sad")[1] == ""


def test_a_catalogue_cut_in_half_is_left_alone(home: Path) -> None:
    file = settings().catalogue_file
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    half = file.read_bytes()[: file.stat().st_size // 2]
    file.write_bytes(half)
    code, out, err = emojuke("search", "sad")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "damaged" in err
    assert file.read_bytes() == half


def test_a_weights_file_with_a_flipped_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(weights_io.WEIGHTS, weights)
    file = weights / "text" / "encoder.safetensors"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelError, match=r"encoder\.safetensors is damaged"):
        read_text_encoder(weights)
    monkeypatch.setattr("engine.encoders.text._loaded", {})
    monkeypatch.setattr("engine.encoders.text.read_text_encoder", lambda *_: read_text_encoder(weights))
    assert "is damaged" in refused("search", "sad")


def test_a_home_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("EMOJUKE_HOME", str(tmp_path / "file" / "home"))
    settings.cache_clear()
    code, out, err = emojuke("search", "sad")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert str(tmp_path / "file" / "home") in err


def test_doctor_says_what_is_bad_and_how_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {check.name: check for check in examine()}
    assert {"python", "torch", "ffmpeg", "models", "home", "disk", "catalogue", "index", "javascript"} <= set(found)
    assert found["catalogue"].state == "ok"
    assert "18" in found["catalogue"].found
    settings().index_folder.mkdir(exist_ok=True)
    assert {check.name: check for check in examine()}["index"].state == "warn"
    settings().catalogue_file.write_bytes(b"no database at all" * 100)
    code, out, _ = emojuke("doctor", "--json")
    checks = {line["check"]: line for line in map(json.loads, out.splitlines())}
    assert (code, checks["catalogue"]["state"]) == (1, "bad")
    assert checks["catalogue"]["mend"]
    assert "bad   catalogue" in emojuke("doctor")[1]


def test_doctors_single_looks() -> None:
    assert python_check((3, 10, 1)).state == "bad"
    assert [disk_check(Path("/"), free).state for free in (10, 500_000_000, 10**11)] == ["bad", "warn", "ok"]
    assert script_check(lambda _: None).state == "ok"
    assert "/usr/bin/node" in script_check(lambda name: f"/usr/bin/{name}" if name == "node" else None).found


def test_no_answer_holds_a_number_that_is_none() -> None:
    document, _ = answered("🌧️💔 nothing matters")
    assert all(np.isfinite(match["match"]) for match in document["matches"])  # type: ignore[attr-defined] - a list of matches
