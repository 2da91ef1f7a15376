"""Which module trains which part, and what to say where the packages that training needs are missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import EmojukeError

MODULES = {
    "text": "engine.training.text.train",
    "emoji": "engine.training.emoji",
    "audio": "engine.training.audio.train",
    "calibration": "engine.training.calibration",
    "starter": "engine.training.starter",
}


def module_of(what: str) -> str:
    """The module that trains a part.

    Raises:
        EmojukeError: when there is no such part.
    """
    if what not in MODULES:
        raise EmojukeError(f"there is nothing called {what!r} to train", "name one of " + ", ".join(MODULES))
    return MODULES[what]


@contextmanager
def needing_train_extra() -> Iterator[None]:
    """Turn a missing package of the train extra into a sentence.

    Raises:
        EmojukeError: when a package that serving does without is not installed.
    """
    try:
        yield
    except ImportError as error:
        package = error.name or "a package"
        if package.split(".")[0] in ("engine", "migrations"):
            raise
        raise EmojukeError(f"this needs {package}, which is not installed", "install Emojuke with its train extra") from error
