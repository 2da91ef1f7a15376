"""A figure judges itself honestly, survives JSON, and the table shows what was measured."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from benchmarks.figures import Figure, markdown, percentile, result, table


def test_a_ratio_needs_a_floor() -> None:
    assert Figure("ask", 12.0, "ms", "forward", 4.0).ratio == 3.0
    assert Figure("ask", 12.0, "ms").ratio is None


@pytest.mark.parametrize(
    ("figure", "reached"),
    [
        (Figure("a", 59.9, bound=60.0), True),
        (Figure("a", 60.1, bound=60.0), False),
        (Figure("recall", 0.97, bound=0.98, sign=">="), False),
        (Figure("recall", 0.98, bound=0.98, sign=">="), True),
        (Figure("a", 10.0, floor="f", floor_value=5.0, ratio_bound=1.8), False),
        (Figure("a", 10.0, floor="f", floor_value=5.0, bound=20.0, ratio_bound=1.8), False),
        (Figure("a", 10.0, floor="f", floor_value=8.0, bound=20.0, ratio_bound=1.8), True),
        (Figure("a", 10.0, floor="f", floor_value=8.0), None),
    ],
)
def test_a_bound_is_judged_on_the_value_and_on_the_ratio(figure: Figure, reached: bool | None) -> None:
    assert figure.reached is reached


@given(st.floats(0.001, 1e6), st.none() | st.floats(0.001, 1e6), st.none() | st.floats(0.001, 1e6))
def test_a_figure_survives_json(value: float, floor: float | None, bound: float | None) -> None:
    figure = Figure("name", value, "ms", "floor", floor, bound)
    written = json.loads(json.dumps(result([figure], runs=3)))
    assert Figure.from_dict(written["figures"][0]) == figure
    assert written["runs"] == 3


def test_percentiles_of_a_hundred_numbers() -> None:
    assert percentile(range(101), 99) == 99
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0


def test_the_table_shows_value_floor_ratio_and_verdict() -> None:
    figures = [Figure("message → songs", 20.0, "ms", "bare forward", 8.0, bound=60.0, ratio_bound=2.0), Figure("recall@10", 0.991)]
    console = Console(width=160)
    with console.capture() as shown:
        console.print(table({"latency": figures}))
    text = shown.get()
    for part in ("message → songs", "20.0 ms", "≤ 60.0 ms", "bare forward 8.00 ms", "2.50 ×", "no", "0.991"):
        assert part in text


def test_the_document_says_the_machine_and_keeps_a_row_a_figure() -> None:
    text = markdown(
        {"latency": [Figure("message → songs", 20.0, "ms", "bare forward", 8.0)], "search": [Figure("recall@10", 0.991)]}, {"cores": 2}
    )
    assert "cores 2" in text
    assert "| message → songs | 20.0 ms |  | bare forward 8.00 ms | 2.50 × |  |  |" in text
    assert text.index("## Latency") < text.index("## Search") < text.index("recall@10")
