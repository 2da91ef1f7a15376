"""The documents tell the truth: commands, settings, links and targets exist, and nothing private or foreign is written down."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from engine.cli.app import app
from engine.settings import Settings, example
from tests.checkout import ROOT, texts, tracked

WEIGHTS_LIMIT = 60_000_000
"""Bytes all shipped weights together may have."""

AUDIO = {".mp3", ".flac", ".ogg", ".opus", ".m4a", ".wav", ".aiff", ".aif", ".mid", ".midi", ".mp4", ".webm"}

HOSTS = {"www.apache.org", "www.youtube.com", "127.0.0.1", "localhost"}
"""The only hosts a link outside documents may name: of the licence, of the starter's search links, of this machine."""

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"```.*?```", re.S)
_MACHINE = re.compile(r"(?<![\w.~/$}])/(?:work|tmp|root|home|opt|mnt)/\w")
_REGISTRY = re.compile(r"py[p]i\.org|python[h]osted|download\.py[t]orch|registry\.np[m]|deb\.deb[i]an|ana[c]onda\.org|files\.py[p]i", re.I)


def _markdown() -> list[tuple[Path, str]]:
    return texts(".md")


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_example_settings_are_those_of_the_class() -> None:
    assert _read(".env.example") == example()
    assert all(field.description for field in Settings.model_fields.values())


def test_links_between_documents_lead_somewhere() -> None:
    dead = []
    for path, text in _markdown():
        for target in _LINK.findall(_FENCE.sub("", text)):
            if target.startswith(("http://", "https://", "mailto:")):
                continue
            name, _, heading = target.partition("#")
            file = (ROOT / path).parent / name if name else ROOT / path
            if not file.exists() or (heading and heading not in _headings(file)):
                dead.append(f"{path}: {target}")
    assert not dead


def _headings(file: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_every_document_is_reachable_from_the_readme() -> None:
    reached, waiting = set(), [Path("README.md")]
    while waiting:
        here = waiting.pop()
        if here in reached:
            continue
        reached.add(here)
        targets = [target.partition("#")[0] for target in _LINK.findall(_read(str(here))) if "://" not in target]
        waiting += [
            Path(file.relative_to(ROOT))
            for name in targets
            if name.endswith(".md") and (file := ((ROOT / here).parent / name).resolve()).is_file()
        ]
    documents = {path for path, _ in _markdown() if path.parts[0] == "docs" or len(path.parts) == 1}
    assert not documents - reached


def test_make_targets_in_documents_exist_and_are_explained() -> None:
    makefile = _read("Makefile")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.M))
    phony = {name for line in re.findall(r"^\.PHONY:(.*)$", makefile, re.M) for name in line.split()}
    assert phony == targets
    named = {name for _, text in _markdown() for name in re.findall(r"(?:`|^\s*|\$ )make ([a-z]+)\b(?=[`\s])", text, re.M)}
    assert named <= targets
    assert {"demo", "test"} <= named


def test_continuous_integration_runs_the_whole_suite() -> None:
    script = ROOT / ".ci" / "run"
    assert "make test" in script.read_text(encoding="utf-8")
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", str(script)]).returncode == 0  # noqa: S607 - any bash will do


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~\[ ;]", requirement)[0].lower().replace("_", "-") for requirement in requirements}


def test_every_requirement_has_its_exact_version() -> None:
    project = tomllib.loads(_read("pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    lines = [line for line in _read("constraints.txt").splitlines() if line and not line.startswith("#")]
    pinned = dict(line.split("==") for line in lines)
    assert set(extras) == {"cpu", "gpu", "test", "train", "dev"}
    assert _names(extras["cpu"]) == {"faiss-cpu"}
    assert _names(extras["gpu"]) == {"faiss-gpu"}
    assert not {name for name in _names(project["dependencies"]) if name.startswith("faiss")}
    wanted = _names(project["dependencies"]).union(*(_names(extra) for extra in extras.values()))
    assert not wanted - set(pinned)
    assert "+" not in pinned["torch"]
    assert lines == sorted(lines, key=lambda line: tuple(line.split("==")))


@pytest.mark.parametrize("pattern", [_MACHINE, _REGISTRY], ids=["paths of one machine", "package hosts"])
def test_tracked_files_name_no(pattern: re.Pattern[str]) -> None:
    found = [f"{path}: {hit[0]}" for path, text in texts() if (hit := pattern.search(text))]
    assert not found


def test_code_and_configuration_link_to_known_hosts_only() -> None:
    found = {
        f"{path}: {host}"
        for path, text in texts()
        if path.suffix != ".md" and path.parts[0] != "tests"
        for host in re.findall(r"https?://([\w.\-]+)", text)
        if host not in HOSTS
    }
    assert not found


def test_no_recording_and_no_oversized_weights_are_stored() -> None:
    assert not [path for path in tracked() if path.suffix.lower() in AUDIO]
    weights = [path for path in tracked() if "weights" in path.parts]
    assert sum((ROOT / path).stat().st_size for path in weights) <= WEIGHTS_LIMIT


def test_nothing_of_the_labelled_data_is_stored(shared_data: Path) -> None:
    sizes: dict[int, list[Path]] = {}
    for path in tracked():
        size = (ROOT / path).stat().st_size
        if size > 0:
            sizes.setdefault(size, []).append(path)
    copies = [
        f"{path} = {source.relative_to(shared_data)}"
        for source in shared_data.rglob("*")
        if source.is_file()
        for path in sizes.get(source.stat().st_size, [])
        if (ROOT / path).read_bytes() == source.read_bytes()
    ]
    assert not copies


def _commands(command: Any, words: tuple[str, ...] = ("emojuke",)) -> Iterator[tuple[str, Any]]:
    """Every command that does something, with the words that call it. (Typer brings its own copy of click, hence no types.)"""
    below = getattr(command, "commands", None)
    if below is None:
        yield " ".join(words), command
        return
    for name, inner in below.items():
        yield from _commands(inner, (*words, name))


def _command_line() -> dict[str, Any]:
    return dict(_commands(typer.main.get_command(app)))


@pytest.mark.parametrize("words", sorted(_command_line()))
def test_every_command_and_option_is_documented(words: str) -> None:
    text = _read("docs/commands.md")
    assert words in text
    options = {name for parameter in _command_line()[words].params for name in parameter.opts if name.startswith("--")} - {"--help"}
    assert not {name for name in options if name not in text}
    assert _command_line()[words].help


def test_documents_call_only_commands_that_exist() -> None:
    known = {word for words in _command_line() for word in (" ".join(words.split()[:2]), words)}
    called = {(str(path), match) for path, text in _markdown() for match in re.findall(r"(?:`|bin/|^ *|\$ )(emojuke [a-z]+)\b", text, re.M)}
    assert called
    assert not {(path, words) for path, words in called if words not in known}
