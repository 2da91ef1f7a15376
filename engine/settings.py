"""All settings in one class, read from the environment and from ``.env``; ``python -m engine.settings`` prints ``.env.example``."""

from __future__ import annotations

import os
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.errors import DataError, SettingsError

PREFIX = "EMOJUKE_"
CHECKOUT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Everything that can be set. An empty value counts as not set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore")

    home: Path = Field(
        default_factory=lambda: user_data_path("emojuke"),
        description="Folder of everything Emojuke stores: catalogue, index, logs. Default: this system's folder for user data.",
    )
    data: Path = Field(
        default_factory=lambda: CHECKOUT.parent / "shared" / "data",
        description="Folder of the labelled data that training and evaluation read. Default: shared/data beside the checkout.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where audio is scored: auto takes CUDA where there is a GPU."
    )
    threads: int = Field(default=0, ge=0, le=1024, description="Threads for torch and FAISS; 0 leaves the choice to them.")
    workers: int = Field(default=0, ge=0, le=1024, description="Files decoded at the same time while scoring; 0 takes one per processor.")
    answers: int = Field(default=10, ge=1, le=50, description="Songs in an answer.")
    starter: bool = Field(default=True, description="Also search the starter catalogue that ships with Emojuke.")
    session_minutes: float = Field(
        default=15.0, gt=0, le=1440, description='Minutes a conversation is remembered for "calmer" or "more like 2".'
    )
    text_backbone: str | None = Field(
        default=None, description="Folder or name of another sentence-transformers model; needs the train extra."
    )
    nrc_lexicon: Path | None = Field(
        default=None, description="Your own copy of the NRC-VAD lexicon, which may not be shipped; messages of one of its terms follow it."
    )

    @field_validator("home", "data", "nrc_lexicon")
    @classmethod
    def _whole(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()

    @property
    def catalogue_file(self) -> Path:
        """The SQLite file of the catalogue."""
        return self.home / "catalogue.db"

    @property
    def index_folder(self) -> Path:
        """The saved index, a cache of the catalogue."""
        return self.home / "index"

    @property
    def log_file(self) -> Path:
        """Where unexpected errors are written with their stack."""
        return self.home / "logs" / "emojuke.log"

    def prepare_home(self) -> Path:
        """Create the home folder and make sure that it can be written.

        Raises:
            SettingsError: when it cannot be created or written; names the folder.
        """
        mend = f"set {PREFIX}HOME to a folder you may write"
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.home) as scratch:
                scratch.write(b"emojuke")
        except OSError as error:
            raise SettingsError(f"the folder {self.home} cannot be written ({error.strerror or error})", mend) from error
        return self.home


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process; ``settings.cache_clear()`` forgets them.

    Raises:
        SettingsError: when a value is not allowed; names the setting.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        mend = "correct it in the environment or in .env"
        raise SettingsError(f"the setting {name} has a value that is not allowed ({first['msg']})", mend) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the file .env cannot be read ({error})", "make it readable or remove it") from error


def data_dir() -> Path:
    """The folder of the labelled data.

    Raises:
        DataError: when it is not there.
    """
    folder = settings().data
    if not folder.is_dir():
        raise DataError(f"the labelled data are not in {folder}", f"point {PREFIX}DATA at the folder that holds deam, mer4q and text")
    return folder


def example() -> str:
    """The text of ``.env.example``: every setting with its help and default, commented out."""
    lines = ["# Settings of Emojuke. Copy this file to .env and remove the # before what you want to change.", ""]
    for name, entry in Settings.model_fields.items():
        default = entry.default if entry.default_factory is None and entry.default is not None else ""
        value = str(default).lower() if isinstance(default, bool) else str(default)
        lines += [f"# {entry.description}", f"#{PREFIX}{name.upper()}={value}", ""]
    return "\n".join(lines[:-1]) + "\n"


def configure_threads(chosen: Settings | None = None) -> int:
    """Set the thread counts of OpenMP, torch and FAISS in this one place; returns the count, 0 when it was left to them.

    Call it before torch is imported: OpenMP reads its variable once.
    """
    threads = (chosen or settings()).threads
    if threads:
        os.environ["OMP_NUM_THREADS"] = str(threads)
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(threads)
        if "faiss" in sys.modules:
            sys.modules["faiss"].omp_set_num_threads(threads)
    return threads


if __name__ == "__main__":
    sys.stdout.write(example())
