"""The figures of evaluation.md: :func:`engine.training.evaluation.run.run` measures rows and writes docs/results.md and results.json."""
