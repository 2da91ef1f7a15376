"""Tests of the benchmark harness: its arithmetic and its table, not the times it measures."""
