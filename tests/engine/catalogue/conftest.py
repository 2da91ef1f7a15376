"""An empty catalogue in a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.catalogue import Catalogue


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """A catalogue that is closed after the test."""
    with Catalogue(tmp_path / "catalogue.db") as opened:
        yield opened
