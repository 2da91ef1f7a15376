"""The command line: formats, exit codes, documentation, terminals of all kinds."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from engine.answers import clock
from engine.assistant import Assistant
from engine.cli import cards, output
from engine.cli.app import app
from engine.settings import CHECKOUT, settings
from tests.engine.conftest import MOODS, add_song

RUNNER = CliRunner()


@pytest.fixture
def home(emojuke_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with eighteen songs and without the starter."""
    monkeypatch.setenv("EMOJUKE_STARTER", "false")
    settings.cache_clear()
    with Assistant.open() as assistant:
        for i, (v, a, d, symbol) in enumerate(MOODS):
            add_song(assistant, f"Song {i}", (v, a, d), symbol, artist=f"Artist {i % 6}")
    return emojuke_home


def emojuke(*arguments: str, typed: str | None = None) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command run in this process."""
    result = RUNNER.invoke(app, list(arguments), input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def child(*arguments: str, typed: bytes = b"", **variables: str) -> subprocess.CompletedProcess[bytes]:
    """A command in a process of its own."""
    program = [sys.executable, "-m", "engine.cli", *arguments]
    return subprocess.run(
        program, input=typed, capture_output=True, cwd=CHECKOUT, env={**os.environ, **variables}, timeout=240, check=False
    )


def commands(group: object, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in sorted(group.commands.items()):  # type: ignore[attr-defined] - a group of commands
        if hasattr(command, "commands"):
            yield from commands(command, (*prefix, name))
        else:
            yield (*prefix, name)


ALL = list(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_every_command_is_documented(command: tuple[str, ...]) -> None:
    name = "emojuke " + " ".join(command)
    document = (CHECKOUT / "docs" / "commands.md").read_text(encoding="utf-8")
    (section,) = re.findall(rf"^#+ {re.escape(name)}\b.*\n((?:(?!#+ emojuke).*\n)*)", document, re.MULTILINE)
    found = typer.main.get_command(app)
    for part in command:
        found = found.commands[part]  # type: ignore[attr-defined] - a group of commands
    assert found.help
    for option in found.params:
        for spelling in option.opts:
            if spelling.startswith("--") and spelling != "--help":
                assert f"{spelling}" in section, spelling


def test_no_command_is_documented_that_is_not_there() -> None:
    document = (CHECKOUT / "docs" / "commands.md").read_text(encoding="utf-8")
    named = {tuple(match.split()) for match in re.findall(r"^#+ emojuke ((?:[a-z]+ ?)+)", document, re.MULTILINE)}
    assert named == {*ALL, ("catalogue",)}


def test_search_prints_the_json_of_the_issue(home: Path) -> None:
    code, out, _ = emojuke("search", "rainy sunday, missing her 🌧️", "--json", "--top", "3")
    assert code == 0
    document = json.loads(out)
    assert list(document) == ["query", "affect", "matches"]
    assert document["query"] == "rainy sunday, missing her 🌧️"
    assert list(document["affect"]) == ["valence", "arousal", "dominance", "emoji"]
    assert len(document["matches"]) == 3
    for match in document["matches"]:
        assert list(match) == ["track_id", "title", "artist", "match", "emoji", "segment", "url", "path"]
        assert len(match["emoji"]) == 5
        assert match["segment"]["end_s"] > match["segment"]["start_s"]


def test_search_prints_text_and_reasons(home: Path) -> None:
    code, out, _ = emojuke("search", "heartbroken 💔", "--top", "2", "--why")
    assert code == 0
    assert re.search(r"1\. Artist \d – Song \d+ .*%\), from \d:\d\d", out)
    assert re.search(r"- .*(like your message|both sound like|nearer than the song|than asked)", out)
    assert re.search(r"2 songs in \d+ ms", out)


def test_another_guild_sees_nothing_of_this_one(home: Path) -> None:
    code, out, err = emojuke("search", "sad", "--guild", "77", "--json")
    assert (code, json.loads(out)["matches"]) == (0, [])
    assert "no songs" in err


def test_affect_answers_line_by_line(home: Path) -> None:
    code, out, _ = emojuke("affect", typed="happy\n\n!!!\n🔥\n")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["query"] for line in lines] == ["happy", "", "!!!", "🔥"]
    assert ["error" in line for line in lines] == [False, True, True, False]
    assert code == 1
    assert emojuke("affect", typed="happy\nsad\n")[0] == 0


def test_affect_of_one_text(home: Path) -> None:
    code, out, _ = emojuke("affect", "so happy", "--json")
    assert code == 0
    assert list(json.loads(out)["affect"]) == ["valence", "arousal", "dominance", "emoji"]
    assert re.match(r"valence \d\.\d\d, arousal", emojuke("affect", "so happy")[1])


def test_chat_answers_every_line_and_survives_bad_ones(home: Path) -> None:
    code, out, _ = emojuke("chat", typed="rainy sunday, missing her 🌧️\ncalmer\n\nmore like 99\n🔥💪\nwhy?\n👍 1\nquit\nnever read\n")
    assert code == 0
    answers = out.split("\n> ")
    assert [answer.count("1. Artist") for answer in answers] == [1, 1, 0, 0, 1, 1, 0]
    assert "The same, but calmer" in answers[1]
    assert "the message is empty" in answers[2]
    assert "no song 99" in answers[3]
    assert "inferred" in answers[5]
    assert "Noted that you like" in answers[6]
    assert "never read" not in out


def test_a_vote_in_the_terminal_is_remembered(home: Path) -> None:
    _, out, _ = emojuke("search", "sad and slow", "--json")
    first = json.loads(out)["matches"][0]["track_id"]
    emojuke("chat", typed="sad and slow\n👎 1\n")
    _, out, _ = emojuke("search", "sad and slow", "--json")
    assert first not in [match["track_id"] for match in json.loads(out)["matches"]]


def test_the_catalogue_can_be_listed_shown_and_emptied(home: Path) -> None:
    code, out, _ = emojuke("catalogue", "list", "Song 1", "--json", "--limit", "3")
    tracks = [json.loads(line) for line in out.splitlines()]
    assert (code, len(tracks)) == (0, 3)
    assert list(tracks[0]) == ["track_id", "title", "artist", "genre", "url", "path"]
    number = str(tracks[0]["track_id"])
    code, out, _ = emojuke("catalogue", "show", number, "--json")
    shown = json.loads(out)
    assert code == 0
    assert len(shown["segments"]) == 3
    assert shown["segments"][1]["start_s"] == 15
    assert "0:15–0:30" in emojuke("catalogue", "show", number)[1]
    assert emojuke("catalogue", "remove", number)[1] == f"Removed {tracks[0]['title']}.\n"
    assert emojuke("catalogue", "show", number)[0] == 1
    code, _, err = emojuke("catalogue", "remove", number)
    assert (code, err) == (1, f"there is no track {number}; list the catalogue to see what is there.\n")
    assert emojuke("catalogue", "errors")[0] == 0


def test_index_and_stats_count(home: Path) -> None:
    assert emojuke("index")[1].startswith("The index holds 18 songs and 54 segments")
    assert emojuke("index", "--rebuild")[0] == 0
    counts = json.loads(emojuke("stats", "--json")[1])
    assert (counts["own_tracks"], counts["indexed_segments"], counts["starter_tracks"]) == (18, 54, 0)
    assert "own tracks       18" in emojuke("stats")[1]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["search", "sad", "--top", "0"], 2),
        (["search", "sad", "--top", "51"], 2),
        (["search"], 2),
        (["nonsense"], 2),
        (["train", "cake"], 1),
    ],
)
def test_a_wrong_call_ends_with_a_code(arguments: list[str], code: int, home: Path) -> None:
    assert emojuke(*arguments)[0] == code


def test_a_setting_that_is_not_allowed_is_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOJUKE_ANSWERS", "lots")
    settings.cache_clear()
    code, out, err = emojuke("search", "sad")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "EMOJUKE_ANSWERS" in err


def test_what_nobody_expected_is_one_sentence_and_a_log_without_the_words(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret message of a member")

    monkeypatch.setattr(Assistant, "ask", broken)
    code, out, err = emojuke("search", "a secret message of a member")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "ZeroDivisionError" in err
    written = settings().log_file.read_text(encoding="utf-8")
    assert "ZeroDivisionError" in written
    assert "test_cli.py" in written
    assert "secret" not in written.replace('raise ZeroDivisionError("a secret message of a member")', "")


def test_a_terminal_that_knows_no_emoji_is_no_trouble(home: Path) -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    text = child("search", "fire 🔥", "--top", "1", **ascii_only)
    assert (text.returncode, text.stderr) == (0, b"")
    assert text.stdout.isascii()
    document = child("search", "fire 🔥", "--top", "1", "--json", **ascii_only)
    assert document.stdout.isascii()
    assert json.loads(document.stdout)["query"] == "fire 🔥"


def test_a_locale_without_unicode_still_reads_emoji(home: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert json.loads(child("search", "🔥", "--json", **plain).stdout)["query"] == "🔥"
    assert json.loads(child("affect", typed="🔥\n".encode(), **plain).stdout)["query"] == "🔥"


def test_bytes_that_are_no_text_are_read_as_well_as_they_can(home: Path) -> None:
    done = child("chat", typed=b"sad \xff\xfe song\n\xff\n")
    assert done.returncode == 0
    assert done.stdout.count(b"1. Artist") >= 1


def test_help_is_there_without_loading_models() -> None:
    program = (
        "import sys\nfrom engine.cli.app import app\nprint([m for m in ('torch', 'faiss', 'numpy', 'sqlite_utils') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=CHECKOUT, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_is_one_word(home: Path) -> None:
    program = [sys.executable, "-m", "engine.cli", "chat"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=CHECKOUT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"sad\n")
        process.stdin.flush()
        assert process.stdout.readline()  # it is past loading and waits for the next line
        while not process.stdout.readline().strip().endswith(b"ms"):
            pass
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err.decode().strip()) == (130, "Stopped.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"), ("a\x1b[31mred\x07", "a [31mred"), ("two\nlines\r\tand tab", "two lines and tab"), ("\u202eevil\u2066", "evil"),
        ("e\u0301", "e\u0301"), ("z" + "\u0335" * 50, "z" + "\u0335" * 3), ("❤\ufe0f", "❤\ufe0f"), ("\x9b31m", "31m"),
        ("x" * 2000, "x" * 999 + "…"),
        ("lone \ud800 half", "lone half"), ("[bold]x[/bold]", "[bold]x[/bold]"),
    ],
)  # fmt: skip
def test_nothing_a_terminal_would_obey_is_printed(text: str, expected: str) -> None:
    assert output.printable(text) == expected


def test_json_holds_no_control_characters_either() -> None:
    hostile = "\x1b[31m\x9b\u202e\u2028\ud800"
    text = output.to_json({"query": hostile})
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e\u2028]", text)
    assert json.loads(text)["query"] == hostile


def test_cards_are_drawn_for_terminals(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    from engine.answers import Reply

    drawn = io.StringIO()
    monkeypatch.setattr(
        cards, "console", lambda: Console(file=drawn, width=140, force_terminal=True, markup=False, emoji=False, highlight=False)
    )
    with Assistant.open() as assistant:
        add_song(assistant, "[bold red]Not markup[/] :smile:", (0.1, 0.1, 0.2), "💔", artist="Bobby [/] Tables")
        answer = assistant.ask("heartbroken and numb 💔", top=18)
    cards._rich_reply(Reply("why", "The same, but calmer.", answer))
    text = drawn.getvalue()
    assert "[bold red]Not markup[/] :smile:" in text
    assert "◆" in text
    picture = cards.picture(answer.affect, list(enumerate(answer.matches, 1)))
    assert {len(line) for line in picture} == {cards.WIDTH}
    assert len(picture) == cards.HEIGHT


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (75.9, "1:15"), (600, "10:00"), (3600, "1:00:00"), (-3, "0:00")])
def test_moments_are_shown_as_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_a_file_that_failed_is_listed_with_its_path(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / ("a folder with a long name " * 4).strip()
    folder.mkdir()
    (folder / "broken.mp3").write_bytes(b"no audio at all")
    emojuke("catalogue", "add", str(folder))
    code, out, _ = emojuke("catalogue", "errors")
    assert code == 0
    assert out.startswith("…")
    assert out.count("broken.mp3") == 1
    assert f"{folder.name[-30:]}{os.sep}broken.mp3" in out
