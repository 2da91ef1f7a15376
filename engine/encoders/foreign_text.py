"""Bring your own sentence encoder: any sentence-transformers model, frozen, with our heads trained on its vectors.

``python -m engine.training.text.foreign NAME`` trains the heads into the home folder; the setting ``EMOJUKE_TEXT_BACKBONE=NAME`` uses them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from engine.calibration import IDENTITY, ModalityMap, load_maps
from engine.encoders.text import HeadedTextEncoder
from engine.encoders.text_heads import TextHeads
from engine.encoders.weights_io import load_tensors, version_of
from engine.encoders.wording import clean, loudness
from engine.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_BATCH = 64


def slug(name: str) -> str:
    """A file name for a hub id or folder: its last two parts in lower case, other characters than letters and digits as hyphens."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in {"", ".", ".."}]
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts[-2:]).lower()).strip("-") or "model"


def folder_of(home: Path) -> Path:
    """Where heads for foreign backbones are kept, with a manifest of their own."""
    return home / "text_backbones"


class ForeignTextEncoder(HeadedTextEncoder):
    """A frozen sentence-transformers model and our heads.

    Args:
        model: loaded; its vectors are taken as it gives them.
        heads: of the model's width, in evaluation mode.
        version: names heads and model.
        map_: the cross-modal map fitted for these heads.
    """

    def __init__(self, model: SentenceTransformer, heads: TextHeads, version: str, map_: ModalityMap = IDENTITY) -> None:
        super().__init__(heads, version, map_)
        self.model = model

    def pooled(self, texts: Sequence[str], *, fast: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, width) sentence vectors and (n,) loudness, float32; ``fast`` computes in bfloat16."""
        cleaned = [clean(text) for text in texts]
        loud = torch.tensor([loudness(text) for text in cleaned], dtype=torch.float32)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=fast):
            vectors = self.model.encode(cleaned, batch_size=_BATCH, convert_to_tensor=True, show_progress_bar=False)
        return vectors.to("cpu", torch.float32), loud


def load_model(name: str) -> SentenceTransformer:
    """The sentence-transformers model of a hub id or folder, in evaluation mode on the CPU.

    Raises:
        ModelError: when sentence-transformers is not installed or has no such model.
    """
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise ModelError("sentence-transformers is not installed", "install Emojuke with the extra 'train'") from error
    try:
        return SentenceTransformer(name, device="cpu").eval()
    except Exception as error:  # whatever the hub client, transformers or a damaged folder raise
        raise ModelError(f"the text backbone {name} cannot be loaded ({error})", "correct EMOJUKE_TEXT_BACKBONE or unset it") from error


def load_foreign(name: str, home: Path) -> ForeignTextEncoder:
    """The encoder on the backbone ``name`` with the heads trained for it under ``home``.

    Raises:
        ModelError: when the heads were not trained or are damaged, or the model cannot be loaded.
    """
    root, file = folder_of(home), f"{slug(name)}.safetensors"
    if not (root / file).exists():
        raise ModelError(
            f"there are no heads for the text backbone {name}", f"train them with: python -m engine.training.text.foreign {name}"
        )
    tensors = load_tensors(file, root)
    heads = TextHeads(tensors["emotions.weight"].shape[1])
    heads.load_state_dict(tensors)
    map_ = load_maps(root / f"{slug(name)}.json")["text"]
    return ForeignTextEncoder(load_model(name), heads.eval(), version_of(slug(name), [file], root), map_)
