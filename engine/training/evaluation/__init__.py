"""The figures of evaluation.md: ``run`` measures the rows asked for and writes docs/results.md and results.json."""

from engine.training.evaluation.run import ROWS, run

__all__ = ["ROWS", "run"]
