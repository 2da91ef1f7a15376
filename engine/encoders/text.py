"""Any chat message → one affect, with MiniLM whose transformer layers and heads Emojuke tuned."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from engine.affect import Affect, FloatArray, normalised
from engine.calibration import IDENTITY, ModalityMap
from engine.encoders.backbone import Backbone, load_backbone, load_tokenizer, pad
from engine.encoders.text_heads import TextHeads
from engine.encoders.weights_io import WEIGHTS, load_tensors, shipped_maps, version_of
from engine.encoders.wording import clean, loudness, unstretched
from engine.errors import ModelError
from engine.settings import Settings
from engine.settings import settings as environment

#: The shipped file: "layers.*" in half precision, "heads.*" in single.
FILE = "text/encoder.safetensors"
NAME = "minilm-l6-emojuke"
_BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class TextScores:
    """What the text encoder makes of n texts, all float32.

    Attributes:
        vad: (n, 3) in [0, 1], NRC units, before the cross-modal map.
        emoji: (n, 62) on the simplex, before the cross-modal map.
        emotions: (n, 28) independent probabilities, columns as :data:`engine.affect.EMOTIONS`.
        ratings: (n, 3) standardised EmoBank ratings, an intermediate reading.
        tweets: (n, 20) logits of TweetEval's emoji.
    """

    vad: FloatArray
    emoji: FloatArray
    emotions: FloatArray
    ratings: FloatArray
    tweets: FloatArray


class HeadedTextEncoder(ABC):
    """Sentence vectors of some backbone and our heads on them. Safe to call from several threads: it holds no state between calls.

    Args:
        heads: in evaluation mode.
        version: names the weights; changes whenever a byte of them does.
        map_: the cross-modal map of this version.
    """

    def __init__(self, heads: TextHeads, version: str, map_: ModalityMap) -> None:
        self.heads, self.version, self.map = heads, version, map_

    @abstractmethod
    def pooled(self, texts: Sequence[str], *, fast: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, width) sentence vectors and (n,) loudness, float32, in the order of the texts; ``fast`` trades precision for speed."""

    def scores(self, texts: Sequence[str], *, fast: bool = False) -> TextScores:
        """Everything the heads say of n texts, raw. An empty text gets an answer too: what the model makes of no words."""
        if not texts:
            return TextScores(*(np.zeros((0, k), dtype=np.float32) for k in (3, 62, 28, 3, 20)))
        vectors, loud = self.pooled(texts, fast=fast)
        with torch.inference_mode():
            out = self.heads(vectors, loud)
        return TextScores(*(t.numpy() for t in (out.vad, out.emoji, out.emotions, out.ratings, out.tweets)))

    def encode_raw(self, texts: Sequence[str]) -> list[Affect]:
        """Affects before the cross-modal map, one per text; the VAD is in NRC units."""
        scores = self.scores(texts)
        return [Affect(vad, normalised(emoji)) for vad, emoji in zip(scores.vad, scores.emoji, strict=True)]

    def encode(self, texts: Sequence[str]) -> list[Affect]:
        """Affects on the scale text, emoji and audio share, one per text."""
        return [self.map(raw) for raw in self.encode_raw(texts)]


class TunedTextEncoder(HeadedTextEncoder):
    """The shipped encoder.

    Args:
        backbone: with its tuned layers, in evaluation mode.
        heads: as above, and so ``version`` and ``map_``.
        version: as above.
        map_: as above.
    """

    def __init__(self, backbone: Backbone, heads: TextHeads, version: str, map_: ModalityMap = IDENTITY) -> None:
        super().__init__(heads, version, map_)
        self.backbone = backbone
        self._tokenizer = load_tokenizer()
        self._vocabulary = self._tokenizer.get_vocab()

    def pooled(self, texts: Sequence[str], *, fast: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 384) mean-pooled hidden states and (n,) loudness, float32. Texts are batched by length; the order is kept.

        Args:
            texts: any strings.
            fast: compute in bfloat16, for tens of thousands of texts at a time; off by some 1e-2.
        """
        cleaned = [clean(text) for text in texts]
        loud = torch.tensor([loudness(text) for text in cleaned], dtype=torch.float32)
        encoded = [e.ids for e in self._tokenizer.encode_batch([unstretched(text, self._vocabulary) for text in cleaned])]
        vectors = torch.empty((len(encoded), self.backbone.shape.width), dtype=torch.float32)
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=fast):
            for start in range(0, len(order), _BATCH):
                rows = order[start : start + _BATCH]
                ids, mask = pad([encoded[i] for i in rows])
                vectors[torch.tensor(rows)] = self.backbone.pooled(ids, mask)
        return vectors, loud

    def token_ids(self, text: str) -> list[int]:
        """Ids of one message's tokens as the backbone sees them, markers included, at most 128."""
        return list(self._tokenizer.encode(unstretched(clean(text), self._vocabulary)).ids)


def text_map(root: Path = WEIGHTS) -> ModalityMap:
    """The cross-modal map of text; the identity while none was fitted.

    Raises:
        ModelError: when the calibration is damaged.
    """
    return shipped_maps(root)["text"]


_lock = threading.Lock()
_loaded: dict[tuple[str | None, Path], HeadedTextEncoder] = {}


def load_text_encoder(settings: Settings | None = None) -> HeadedTextEncoder:
    """The text encoder the settings ask for; loaded once a process, whichever thread asks first.

    Args:
        settings: default the environment's. ``text_backbone`` chooses another sentence-transformers model with heads trained for it.

    Raises:
        ModelError: when weights are missing, damaged or do not fit each other.
    """
    chosen = settings or environment()
    key = (chosen.text_backbone, chosen.home)
    with _lock:
        if key not in _loaded:
            _loaded[key] = read_foreign(chosen.text_backbone, chosen.home) if chosen.text_backbone else read_text_encoder()
        return _loaded[key]


def read_text_encoder(root: Path = WEIGHTS) -> TunedTextEncoder:
    """Read and verify the encoder under ``root`` anew.

    Raises:
        ModelError: when weights are missing, damaged or do not fit each other.
    """
    tensors = {name: t.to(torch.float32) for name, t in load_tensors(FILE, root).items()}
    backbone, heads = load_backbone(), TextHeads()
    own = {name: t for name, t in tensors.items() if name.startswith("layers.")}
    try:
        found = backbone.load_state_dict(own, strict=False)
        heads.load_state_dict({name.removeprefix("heads."): t for name, t in tensors.items() if name.startswith("heads.")})
    except RuntimeError as error:
        raise ModelError(f"{FILE} does not fit this version of Emojuke", "reinstall Emojuke") from error
    if found.unexpected_keys or any(name.startswith("layers.") for name in found.missing_keys):
        raise ModelError(f"{FILE} holds other layers than this version of Emojuke expects", "reinstall Emojuke")
    return TunedTextEncoder(backbone, heads.eval(), version_of(NAME, [FILE], root), text_map(root))


def read_foreign(name: str, home: Path) -> HeadedTextEncoder:
    """Somebody's own backbone with the heads trained for it.

    Raises:
        ModelError: when the model, the `train` extra or the heads are missing.
    """
    from engine.encoders.foreign_text import load_foreign  # sentence-transformers, which it needs, takes seconds to import

    return load_foreign(name, home)
