"""Which rows there are, and measuring them one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from engine.errors import DataError, EmojukeError
from engine.settings import data_dir
from engine.training.evaluation import product_rows, rows
from engine.training.evaluation.report import DOCS, Row, markdown, write
from engine.training.evaluation.retrain import retrained_audio, retrained_text
from engine.training.evaluation.rows import Bench

#: Row id → its measurement.
ROWS: Mapping[str, Callable[[Bench], Row]] = MappingProxyType({
    "T1": rows.t1,
    "T2": rows.t2,
    "T3": rows.t3,
    "T4": rows.t4,
    "T5": rows.t5,
    "T6": rows.t6,
    "E1": product_rows.e1,
    "E2": product_rows.e2,
    "E3": product_rows.e3,
    "A1": rows.a1,
    "A1-SVR": rows.a1_svr,
    "A2": rows.a2,
    "A3": rows.a3,
    "A8": product_rows.a8,
    "X2": rows.x2,
    "X3": rows.x3,
    "X5": product_rows.x5,
    "X6": rows.x6,
})  # fmt: skip

#: Rows whose figures come from the audio encoder's out-of-fold predictions, and those of the text encoder's test predictions.
_AUDIO_ROWS = frozenset({"A1", "A2", "A3", "X2", "X3", "X6"})
_TEXT_ROWS = frozenset({"T1", "T2", "T3", "T4", "T6"})


def run(
    chosen: Sequence[str] = (),
    *,
    retrain: str | None = None,
    folder: Path | None = None,
    say: Callable[[str], None] = print,
) -> list[Row]:
    """Measure rows and write results.md and results.json. A row whose data are not there is said and left out.

    Args:
        chosen: ids of rows; all when empty.
        retrain: id of a row whose model is trained anew first; only this row is then measured, and no shipped file changes.
        folder: where the results go; the repository's docs by default. Nothing is written when retraining.
        say: told each row as it is measured, and each that cannot be, with the reason.

    Raises:
        DataError: when a row does not exist, cannot be retrained, or not a single one could be measured.
    """
    wanted = [name.upper() for name in ([retrain] if retrain else chosen or ROWS)]
    unknown = [name for name in wanted if name not in ROWS]
    if unknown:
        raise DataError(f"there is no row {', '.join(unknown)}", f"choose from {', '.join(ROWS)}")
    bench = Bench(data_dir())
    if retrain:
        bench = _retrained(bench, wanted[0], say)
    measured = []
    for name in wanted:
        try:
            row = ROWS[name](bench)
        except EmojukeError as error:
            say(f"{name} could not be measured: {error}")
            continue
        if retrain:
            row = replace(row, source="retrained now")
        measured.append(row)
        say(markdown([row]))
    if not measured:
        raise DataError("not a single row could be measured", "see the reason beside each row")
    if not retrain:
        write(measured, folder or DOCS)
    return measured


def _retrained(bench: Bench, name: str, say: Callable[[str], None]) -> Bench:
    if name in _AUDIO_ROWS:
        return replace(bench, oof_path=retrained_audio(bench.data, say))
    if name in _TEXT_ROWS:
        fresh = replace(bench)
        fresh.__dict__["text_figures"] = retrained_text(say)
        return fresh
    raise DataError(f"the row {name} trains nothing of its own", f"choose from {', '.join(sorted(_AUDIO_ROWS | _TEXT_ROWS))}")
