"""Nearest songs in the affect space: build, search, add, remove, save, load."""

from engine.index.affect_index import ALPHA, AffectIndex, Hit, SegmentHit
from engine.index.calibrated import search_vectors
from engine.index.part import EXACT_LIMIT

__all__ = ["ALPHA", "EXACT_LIMIT", "AffectIndex", "Hit", "SegmentHit", "search_vectors"]
