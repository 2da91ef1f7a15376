"""Nearest songs in the affect space: build, search, add, remove, save, load."""

from engine.index.affect_index import ALPHA, AffectIndex, Hit, SegmentHit
from engine.index.build import build_index, search_vectors
from engine.index.part import EXACT_LIMIT

__all__ = ["ALPHA", "EXACT_LIMIT", "AffectIndex", "Hit", "SegmentHit", "build_index", "search_vectors"]
