"""What the data at hand allow is measured; what is missing is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DataError
from engine.training.evaluation import run as module
from engine.training.evaluation.report import Row, read
from engine.training.evaluation.rows import Bench


def measured(bench: Bench) -> Row:
    return Row("T1", "a task", "a split", {"figure": 0.5})


def missing(bench: Bench) -> Row:
    raise DataError("the clips are not there", "fetch them")


def test_a_row_without_data_does_not_keep_the_others_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", {"A1": missing, "T1": measured})
    said: list[str] = []
    assert [row.id for row in module.run(folder=tmp_path, say=said.append)] == ["T1"]
    assert said[0] == "A1 could not be measured: the clips are not there; fetch them."
    assert [row.id for row in read(tmp_path / "results.json")] == ["T1"]


def test_not_a_single_row_is_an_error_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", {"A1": missing})
    with pytest.raises(DataError, match="not a single row"):
        module.run(folder=tmp_path, say=lambda _: None)
    assert not list(tmp_path.iterdir())
