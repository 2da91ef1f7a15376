"""Retrieval figures on orders small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.training.evaluation.retrieval import coverage_figures, random_floor, read_queries, retrieval_figures

LABELS = ["Q1", "Q2", "Q1", "Q3", "Q4", "Q1", "Q2", "Q3", "Q4", "Q4", "Q1", "Q2"]


def test_figures_by_hand():
    orders = np.array([[0, 2, 5, 10, 1, 3, 4, 6, 7, 8, 9, 11], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]])
    figures = retrieval_figures(orders, ["Q1", "Q4"], LABELS)
    assert figures["P@5"] == pytest.approx((4 / 5 + 1 / 5) / 2)
    assert figures["P@10"] == pytest.approx((4 / 10 + 3 / 10) / 2)
    assert figures["MRR"] == pytest.approx((1 + 1 / 5) / 2)


def test_the_random_floor_is_the_prior_of_the_wanted_classes():
    assert random_floor(["Q1", "Q4"], LABELS) == pytest.approx((4 / 12 + 3 / 12) / 2)


def test_coverage_sees_a_hub():
    pages = np.array([[0, 1], [0, 2], [0, 3], [0, 1]])
    figures = coverage_figures(pages, songs=8)
    assert figures["songs that appear"] == 0.5
    assert figures["largest share of pages"] == 1.0
    assert figures["skewness"] > 1.0


def test_queries_are_read_with_their_commas_and_emoji(tmp_path):
    path = tmp_path / "retrieval.csv"
    path.write_text('query,kind,quadrant,cluster\n"rainy sunday, missing her",sentence,Q3,\n💪😎,emoji,,Cluster 1\n', encoding="utf-8")
    first, second = read_queries(path)
    assert (first.text, first.quadrant) == ("rainy sunday, missing her", "Q3")
    assert (second.text, second.cluster) == ("💪😎", "Cluster 1")
