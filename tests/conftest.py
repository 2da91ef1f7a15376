"""Fixtures all tests share: a home of their own, the labelled data where there is some, and audio made on the spot.

No recording is stored in the project. :mod:`tests.audio` computes tones, chords, beats and noise, writes them with the standard
library's ``wave`` and has the real ffmpeg turn them into whatever format a test needs.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

# Two cores at most, and one set of OpenMP threads for torch and FAISS: settled before either is imported.
os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest

from engine.settings import Settings, settings
from tests.audio import Studio

# A shell that starts the suite in the background leaves Ctrl-C ignored, and children inherit that; tests press it on purpose.
signal.signal(signal.SIGINT, signal.default_int_handler)

CHECKOUT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("EMOJUKE_DATA") or CHECKOUT.parent / "shared" / "data")


@pytest.fixture(autouse=True)
def emojuke_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty EMOJUKE_HOME for this test alone; the operator's own home, environment and ``.env`` are out of reach."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith("EMOJUKE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("EMOJUKE_HOME", str(home))
    monkeypatch.setenv("EMOJUKE_DATA", str(DATA))
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    settings.cache_clear()
    yield home
    settings.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def _few_threads() -> None:
    """Keep torch to two threads, whatever the machine has, so that timings and memory stay those of a small server."""
    import torch

    torch.set_num_threads(2)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of labelled data; the test is skipped, with the reason, where it is absent."""
    if not (DATA / "folds.csv").is_file():
        pytest.skip(f"the labelled data is not at {DATA}; set EMOJUKE_DATA to the folder that holds folds.csv")
    return DATA


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """Makes audio files in a folder that lasts for the whole session; name them so that tests do not collide."""
    return Studio(tmp_path_factory.mktemp("audio"))


@pytest.fixture
def audio(tmp_path: Path) -> Studio:
    """Makes audio files in this test's own folder."""
    return Studio(tmp_path)
