"""``python -m engine.training.text.foreign NAME``: our heads on a frozen sentence-transformers model of your own, minutes on a CPU.

The model stays as it is. Its VAD is then brought, axis by axis, to the distribution that the shipped encoder gives the same texts after
its cross-modal map, so that songs scored before stay comparable with what people write.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file

from engine.affect import AXES
from engine.calibration import quantile_map, save_maps
from engine.encoders.foreign_text import ForeignTextEncoder, folder_of, load_model, slug
from engine.encoders.text import HeadedTextEncoder, read_text_encoder
from engine.encoders.text_heads import TextHeads
from engine.encoders.weights_io import version_of, write_manifest
from engine.settings import settings
from engine.training.text import datasets
from engine.training.text.assemble import LOUD_GAINS, ROWS, finish, gather
from engine.training.text.fit_heads import HeadPlan, fit_linear


def train_heads(
    name: str, home: Path, shipped: HeadedTextEncoder, rows: Mapping[str, int] = ROWS, steps: int = 1500, compared: int | None = None
) -> ForeignTextEncoder:
    """Train heads for the backbone ``name`` and write them under ``home``.

    Args:
        name: hub id or folder of a sentence-transformers model.
        home: Emojuke's home folder.
        shipped: the encoder whose calibrated scale is taken over.
        rows: how many rows of a source are used.
        steps: gradient steps of each fit.
        compared: GoEmotions dev texts used to match the scales; default all.

    Raises:
        ModelError: when the model cannot be loaded.
        DataError: when the labelled data are not there.
    """
    model = load_model(name)
    width = len(model.encode("width", show_progress_bar=False))
    heads = TextHeads(width)
    with torch.no_grad():
        heads.loud.copy_(torch.tensor(LOUD_GAINS))
    encoder = ForeignTextEncoder(model, heads, "unsaved")
    sources = gather(encoder, rows=rows)
    fit_linear(heads, sources, steps)
    finish(heads, sources, replace(HeadPlan(), steps=steps))
    texts = datasets.goemotions("dev").texts[:compared]
    own, reference = encoder.scores(texts).vad, shipped.map.vad(shipped.scores(texts).vad)
    axes = tuple(quantile_map(own[:, i], reference[:, i]) for i in range(len(AXES)))
    map_ = replace(shipped.map, axes=(axes[0], axes[1], axes[2]))
    root, file = folder_of(home), f"{slug(name)}.safetensors"
    root.mkdir(parents=True, exist_ok=True)
    save_maps({"text": map_}, root / f"{slug(name)}.json")
    save_file({key: t.contiguous() for key, t in heads.state_dict().items()}, root / file)
    write_manifest([file], root)
    return ForeignTextEncoder(model, heads.eval(), version_of(slug(name), [file], root), map_)


def main() -> None:
    """Train heads for the model named on the command line."""
    parser = argparse.ArgumentParser(description="Train Emojuke's heads on a frozen sentence-transformers model.")
    parser.add_argument("name", help="hub id or folder")
    name = parser.parse_args().name
    encoder = train_heads(name, settings().prepare_home(), read_text_encoder())
    print(f"heads {encoder.version} trained; use them with EMOJUKE_TEXT_BACKBONE={name}")


if __name__ == "__main__":
    main()
