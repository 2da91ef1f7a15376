"""The wheel that is built from the checkout holds all that serving needs, and none of what stays behind."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.checkout import ROOT, tracked

PACKAGES = ("bot", "engine", "indexes", "migrations")


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """Names of the files in a wheel built, offline, from a copy of the tracked files."""
    source = tmp_path_factory.mktemp("source")
    for path in tracked():
        target = source / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        "out",
        ".",
    ]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,) = (source / "out").glob("emojuke-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


def test_all_files_of_the_packages_are_in_the_wheel(names: frozenset[str]) -> None:
    ours = {str(path) for path in tracked() if path.parts[0] in PACKAGES}
    assert "engine/affect.py" in ours
    assert not ours - names


def test_weights_migrations_and_the_starter_are_in_the_wheel(names: frozenset[str]) -> None:
    for folder in ("engine/encoders/weights/", "migrations/", "indexes/starter/"):
        assert any(name.startswith(folder) for name in names), folder


def test_tests_and_benchmarks_stay_behind(names: frozenset[str]) -> None:
    assert not {name for name in names if Path(name).parts[0] in ("tests", "benchmarks", "docs")}


def test_the_wheel_brings_the_command_and_the_licence(names: frozenset[str]) -> None:
    metadata = {Path(name).name for name in names if ".dist-info/" in name}
    assert {"entry_points.txt", "LICENSE", "METADATA"} <= metadata
