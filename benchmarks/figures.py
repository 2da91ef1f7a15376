"""What a benchmark hands back: figures, each with the floor it was measured beside and the bound it must keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    Attributes:
        name: what was measured, in a few words.
        value: the number, in ``unit``.
        unit: "ms", "s", "MB", "x real time", "" for a share.
        floor: what the bare necessity is that was measured in the same run; empty when there is none.
        floor_value: its number, in ``unit``.
        bound: the number to stay at or below (``sign`` "<="), or at or above (">=").
        ratio_bound: the ratio to the floor to stay at or below.
    """

    name: str
    value: float
    unit: str = ""
    floor: str = ""
    floor_value: float | None = None
    bound: float | None = None
    sign: str = "<="
    ratio_bound: float | None = None

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of its floor."""
        return self.value / self.floor_value if self.floor_value else None

    @property
    def reached(self) -> bool | None:
        """Whether every bound is kept; None when there is none."""
        kept = []
        if self.bound is not None:
            kept.append(self.value <= self.bound if self.sign == "<=" else self.value >= self.bound)
        if self.ratio_bound is not None and self.ratio is not None:
            kept.append(self.ratio <= self.ratio_bound)
        return all(kept) if kept else None

    def as_dict(self) -> dict[str, Any]:
        """The figure for JSON, its ratio and its verdict worked out."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "floor": self.floor,
            "floor_value": self.floor_value,
            "ratio": self.ratio,
            "bound": self.bound,
            "sign": self.sign,
            "ratio_bound": self.ratio_bound,
            "reached": self.reached,
        }

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Figure:
        """The figure :meth:`as_dict` wrote."""
        return cls(**{name: value for name, value in record.items() if name not in ("ratio", "reached")})


def result(figures: Sequence[Figure], **details: Any) -> dict[str, Any]:
    """What ``measure()`` returns: the figures, and whatever else a reader of the JSON may want (machine, counts, curves)."""
    return {"figures": [figure.as_dict() for figure in figures], **details}


def percentile(values: Iterable[float], share: float) -> float:
    """The ``share`` percentile (0-100) of some measurements, in their unit."""
    return float(np.percentile(np.fromiter(values, dtype=np.float64), share))


def _number(value: float, unit: str) -> str:
    digits = 3 if unit == "" else 0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()


def cells(figure: Figure) -> tuple[str, str, str, str, str, str, str]:
    """A figure as text: name, value, goal, floor, ratio, goal of the ratio, verdict; empty where there is none."""
    return (
        figure.name,
        _number(figure.value, figure.unit),
        "" if figure.bound is None else f"{'≤' if figure.sign == '<=' else '≥'} {_number(figure.bound, figure.unit)}",
        "" if figure.floor_value is None else f"{figure.floor} {_number(figure.floor_value, figure.unit)}",
        "" if figure.ratio is None else f"{figure.ratio:.2f} ×",
        "" if figure.ratio_bound is None else f"≤ {figure.ratio_bound:g}",
        {True: "yes", False: "no", None: ""}[figure.reached],
    )


_HEADINGS = ("figure", "measured", "goal", "floor of the same run", "ratio", "goal ×", "met")


def table(groups: Mapping[str, Sequence[Figure]]) -> Table:
    """All figures as one table, a section for each benchmark."""
    drawn = Table(title="Emojuke benchmarks", title_justify="left")
    drawn.add_column("benchmark")
    for heading in _HEADINGS:
        drawn.add_column(heading, justify="left" if heading in ("figure", "met") else "right")
    for group, figures in groups.items():
        for row, figure in enumerate(figures):
            drawn.add_row(group if row == 0 else "", *cells(figure))
        drawn.add_section()
    return drawn


def markdown(groups: Mapping[str, Sequence[Figure]], machine: Mapping[str, Any]) -> str:
    """All figures as a document: what they were measured on, then a table for each benchmark."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench ARGS=--write`; do not edit by hand. Every time stands beside its floor, measured in the same run.",
    ]
    lines += ["", "Machine: " + ", ".join(f"{name} {value}" for name, value in machine.items()) + "."]
    for group, figures in groups.items():
        lines += ["", f"## {group.capitalize()}", "", "| " + " | ".join(_HEADINGS) + " |", "|---|--:|--:|--:|--:|--:|---|"]
        lines += ["| " + " | ".join(cells(figure)) + " |" for figure in figures]
    return "\n".join(lines) + "\n"
