"""Trains, describes and measures the emoji table; `python -m engine.training.emoji` does all three."""
