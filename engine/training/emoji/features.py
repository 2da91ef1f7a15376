"""What the regressions know of an emoji without any rating: its label read by two language models, and its place among the others."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from engine.encoders.backbone import load_backbone, load_tokenizer, pad
from engine.encoders.emoji_keys import ZWJ
from engine.encoders.text import HeadedTextEncoder
from engine.settings import CHECKOUT
from engine.training.emoji.data import Array, read_labels, read_order

_CACHE = CHECKOUT / ".cache" / "emoji"
_BATCH = 64
#: Ranks beyond CLDR's own: flags are alike one another; an emoji whose neighbours are unknown has none.
_FLAGS = 10**5
_ALONE = 10**6
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)


@dataclass(frozen=True, slots=True)
class Features:
    """Of n emoji.

    Attributes:
        keys: n keys.
        frozen: (n, 384) unit vectors of untouched MiniLM on "name: keywords".
        tuned: (n, 384) unit vectors of Emojuke's text encoder on the same.
        text_vad: (n, 3) the text encoder's own raw VAD of the same.
        rank: (n,) place in CLDR's order.
    """

    keys: tuple[str, ...]
    frozen: Array
    tuned: Array
    text_vad: Array
    rank: Array

    def of(self, keys: Sequence[str]) -> Features:
        """The rows of these keys, in this order."""
        at = {k: i for i, k in enumerate(self.keys)}
        rows = np.array([at[k] for k in keys], dtype=np.int64)
        return Features(tuple(keys), self.frozen[rows], self.tuned[rows], self.text_vad[rows], self.rank[rows])


def read_features(data: Path, text: HeadedTextEncoder) -> Features:
    """Features of every RGI emoji; kept under .cache until a label or the text encoder changes.

    Raises:
        DataError: when CLDR's files are missing.
        ModelError: when MiniLM is missing or damaged.
    """
    labels = read_labels(data)
    sentences = [label.sentence for label in labels.values()]
    digest = hashlib.sha256("\n".join([text.version, *labels, *sentences]).encode()).hexdigest()[:16]
    path = _CACHE / f"features-{digest}.npz"
    if not path.exists():
        _CACHE.mkdir(parents=True, exist_ok=True)
        pooled, _ = text.pooled(sentences)
        scratch = path.with_suffix(".tmp.npz")
        np.savez(
            scratch,
            frozen=_frozen(sentences),
            tuned=functional.normalize(pooled, dim=-1).numpy(),
            text_vad=text.scores(sentences).vad,
        )
        scratch.replace(path)
    with np.load(path) as stored:
        frozen, tuned, text_vad = (np.asarray(stored[name], dtype=np.float64) for name in ("frozen", "tuned", "text_vad"))
    return Features(tuple(labels), frozen, tuned, text_vad, ranks(list(labels), read_order(data)))


def ranks(keys: Sequence[str], order: dict[str, int]) -> Array:
    """(n,) ranks of keys; a sequence that CLDR does not list has the rank of its first part that it does, flags share one."""
    found = np.empty(len(keys))
    for i, spelt in enumerate(keys):
        parts = [order[part] for part in (spelt, *spelt.split(ZWJ), *spelt) if part in order]
        flag = ord(spelt[0]) in _FLAG_LETTERS
        found[i] = parts[0] if parts else _FLAGS if flag else _ALONE + 1000 * i
    return found


def _frozen(sentences: Sequence[str]) -> Array:
    backbone, tokenizer = load_backbone(), load_tokenizer()
    pieces = []
    with torch.inference_mode():
        for start in range(0, len(sentences), _BATCH):
            ids, mask = pad([tokenizer.encode(sentence).ids for sentence in sentences[start : start + _BATCH]])
            pieces.append(functional.normalize(backbone.pooled(ids, mask), dim=-1))
    return np.asarray(torch.cat(pieces).numpy(), dtype=np.float64)
