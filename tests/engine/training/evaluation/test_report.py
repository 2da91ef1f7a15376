"""The results table: goals are judged honestly and rows measured earlier survive."""

from __future__ import annotations

from engine.training.evaluation.report import Row, markdown, read, write


def row(identifier="T2", value=0.7):
    return Row(
        id=identifier,
        task="emotion by VAD",
        split="GoEmotions test",
        figures={"micro": value, "macro": 0.4},
        floors={"majority": 0.33},
        goals={"micro": (">=", 0.69), "macro": (">=", 0.68)},
    )


def test_a_missed_goal_is_named_in_the_table():
    assert row().missed == ["macro"]
    assert "not: macro" in markdown([row()])
    assert Row("T5", "speed", "-", {"p99": 50.0}, goals={"p99": ("<=", 40.0)}).missed == ["p99"]


def test_rows_measured_earlier_are_kept_and_newer_ones_replace_them(tmp_path):
    write([row("T2", 0.5), row("X2", 0.1)], tmp_path)
    write([row("T2", 0.9)], tmp_path)
    rows = {r.id: r for r in read(tmp_path / "results.json")}
    assert rows["T2"].figures["micro"] == 0.9
    assert rows["X2"].figures["micro"] == 0.1
    text = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert text.index("| T2 |") < text.index("| X2 |")
    assert "0.900" in text


def test_reading_nothing_gives_nothing(tmp_path):
    assert read(tmp_path / "results.json") == []
