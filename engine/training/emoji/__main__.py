"""``python -m engine.training.emoji``: compute the table, measure it, write weights, manifest and model card."""

from __future__ import annotations

import json
import sys

import torch
from safetensors.torch import save_file

from engine.encoders.emoji import SEQUENCES, TABLE, load_emoji_encoder
from engine.encoders.text import read_text_encoder
from engine.encoders.weights_io import WEIGHTS, write_manifest
from engine.settings import data_dir
from engine.training.emoji.card import card
from engine.training.emoji.evaluate import SEED, e1, e2, e3
from engine.training.emoji.table import build


def main() -> None:
    """Train, measure and write.

    Raises:
        DataError: when the data are missing.
        ModelError: when the text encoder is missing or damaged.
    """
    text, data = read_text_encoder(), data_dir()
    table = build(data, text)
    (WEIGHTS / TABLE).parent.mkdir(parents=True, exist_ok=True)
    tensors = {"vad": torch.from_numpy(table.vad).to(torch.float16), "emoji": torch.from_numpy(table.emoji).to(torch.float16)}
    save_file(tensors, WEIGHTS / TABLE)
    (WEIGHTS / TABLE).chmod(0o644)  # safetensors makes files that only their owner may read
    (WEIGHTS / SEQUENCES).write_text(json.dumps(table.keys, ensure_ascii=False) + "\n", encoding="utf-8")
    write_manifest([TABLE, SEQUENCES])
    figures = [e1(data, text), e2(data, text), e3(load_emoji_encoder(text))]
    for figure in figures:
        sys.stdout.write(json.dumps(figure, ensure_ascii=False) + "\n")
    (WEIGHTS / TABLE).with_name("README.md").write_text(card(table, text.version, figures, SEED), encoding="utf-8")


if __name__ == "__main__":
    main()
