"""One row of the results table, and the table as Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Row:
    """A measured row of evaluation.md.

    Attributes:
        id: "T2", "A1", ….
        task: what is measured, in a few words.
        split: the data and split the figures come from.
        figures: name → value.
        floors: random and majority or popularity floors, name → value.
        goals: figure name → (">=" or "<=", bound).
        source: "computed now", "recomputed from docs/oof/….npz" or "retrained now".
        notes: what a reader must know to judge the figures.
        details: curves and breakdowns, for the JSON only.
    """

    id: str
    task: str
    split: str
    figures: Mapping[str, float]
    floors: Mapping[str, float] = field(default_factory=dict)
    goals: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    source: str = "computed now"
    notes: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def missed(self) -> list[str]:
        """Names of the figures that fall short of their goals."""
        return [name for name, (sign, bound) in self.goals.items() if not _reaches(self.figures[name], sign, bound)]


def _reaches(value: float, sign: str, bound: float) -> bool:
    return value >= bound if sign == ">=" else value <= bound


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}"


def _cells(values: Mapping[str, float]) -> str:
    return "<br>".join(f"{name} {_number(value)}" for name, value in values.items()) or "–"


def markdown(rows: Sequence[Row]) -> str:
    """The table of docs/results.md, with one line of notes a row below it."""
    lines = ["| id | task and split | figures | floors | goals | met |", "|---|---|---|---|---|---|"]
    for row in rows:
        goals = "<br>".join(f"{name} {'≥' if sign == '>=' else '≤'} {_number(bound)}" for name, (sign, bound) in row.goals.items()) or "–"
        met = "–" if not row.goals else "yes" if not row.missed else "not: " + ", ".join(row.missed)
        lines.append(f"| {row.id} | {row.task}; {row.split} | {_cells(row.figures)} | {_cells(row.floors)} | {goals} | {met} |")
    lines.append("")
    for row in rows:
        note = f" {row.notes}" if row.notes else ""
        lines.append(f"- **{row.id}** ({row.source}).{note}")
    return "\n".join(lines) + "\n"


#: Where the results are kept.
DOCS = Path(__file__).resolve().parents[3] / "docs"

_HEADER = """# Results

Written by `emojuke eval`; do not edit by hand. Folds are those of `folds.csv` (one assignment of artists over all three sets of songs);
R² and F1 are computed once over the pooled out-of-fold predictions. Each figure stands beside its floors; goals are the project's own.

"""


def write(rows: Sequence[Row], folder: Path) -> tuple[Path, Path]:
    """Write results.md and results.json into ``folder``; rows measured earlier and not now are kept.

    Returns:
        The two paths.
    """
    folder.mkdir(parents=True, exist_ok=True)
    json_path, markdown_path = folder / "results.json", folder / "results.md"
    known: dict[str, Row] = {row.id: row for row in read(json_path)}
    known.update({row.id: row for row in rows})
    ordered = [known[key] for key in sorted(known)]
    json_path.write_text(json.dumps([asdict(row) for row in ordered], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    markdown_path.write_text(_HEADER + markdown(ordered), encoding="utf-8")
    return json_path, markdown_path


def read(path: Path) -> list[Row]:
    """The rows of a results.json; none when the file does not exist."""
    if not path.exists():
        return []
    entries = json.loads(path.read_text(encoding="utf-8"))
    return [Row(**{**entry, "goals": {name: (sign, bound) for name, (sign, bound) in entry["goals"].items()}}) for entry in entries]
