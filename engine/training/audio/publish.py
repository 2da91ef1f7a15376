"""From trained models to what the project ships: out-of-fold predictions, weights in half precision, and the model card."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import nn

from engine.encoders import weights_io
from engine.encoders.audio import WEIGHTS_FILE
from engine.encoders.audio_net import AudioNet
from engine.training.audio.card import card
from engine.training.audio.datasets import Clip
from engine.training.audio.evaluate import a1, a2, a3, coverage, deam_residuals
from engine.training.audio.fit import Recipe
from engine.training.audio.oof import write_oof
from engine.training.audio.targets import SCALES, Targets
from engine.training.evaluation.oof import load_oof

#: Share of residuals that lie within one standard deviation of a normal distribution.
_ONE_SIGMA = 0.6827


def save_state(net: AudioNet, path: Path) -> None:
    """Keep what was trained of a network, that is all but its trunk."""
    torch.save({name: value for name, value in net.state_dict().items() if not name.startswith("trunk.")}, path)


def load_state(path: Path, words: Sequence[str]) -> AudioNet:
    """A network from :func:`save_state`, its dynamic and static heads in the units of the ratings, rounded to half precision."""
    net = AudioNet(len(words))
    net.load_state_dict(torch.load(path, weights_only=True), strict=False)
    for name, (mean, deviation) in SCALES.items():
        head = net.heads[name]
        if not isinstance(head, nn.Linear):
            raise TypeError(f"the head {name} is not linear")
        unit, middle = torch.from_numpy(deviation), torch.from_numpy(mean)
        head.weight = nn.Parameter(head.weight * unit[:, None])
        head.bias = nn.Parameter(head.bias * unit + middle)
    return net.half().float().eval().requires_grad_(False)


def spread_scale(residuals: NDArray[np.float32]) -> NDArray[np.float32]:
    """(2,) factors on the predicted deviations that put 68.27 % of the standardised residuals (n, 2) inside one of them."""
    return np.asarray(np.quantile(np.abs(residuals), _ONE_SIGMA, axis=0), dtype=np.float32)


def publish(
    parts: Sequence[dict[str, NDArray[np.generic]]], full: AudioNet, clips: Sequence[Clip], targets: Targets, recipe: Recipe, oof_path: Path
) -> Mapping[str, float]:
    """Write the predictions, the weights with their manifest entry, and the card; the figures of the predictions.

    Args:
        parts: the rows of each fold.
        full: the model trained on every clip, with its trunk.
    """
    write_oof(parts, oof_path, "audio+oof")
    scale = spread_scale(deam_residuals(load_oof(oof_path), clips, targets.vad))
    full.spread_scale.copy_(torch.from_numpy(scale))
    for part in parts:
        part["uncertainty"] = part["uncertainty"].astype(np.float32) * scale
    version = _write_weights(full, targets.words)
    write_oof(parts, oof_path, f"{version}+oof")
    oof = load_oof(oof_path)
    rows = {"A1": a1(oof, clips), "A2": a2(oof, clips), "A3": a3(oof, clips)}
    covered = coverage(deam_residuals(oof, clips, targets.vad))
    path = weights_io.WEIGHTS / "audio" / "README.md"
    path.write_text(card(version, rows, covered, recipe, clips, targets), encoding="utf-8")
    return {f"{name} {figure}": value for name, row in rows.items() for figure, value in row.figures.items()} | covered


def _write_weights(net: AudioNet, words: Sequence[str]) -> str:
    path = weights_io.WEIGHTS / WEIGHTS_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.half().contiguous() for name, value in net.state_dict().items()}
    save_file(tensors, path, metadata={"moods": json.dumps(list(words)), "format": "pt"})
    path.chmod(0o644)
    weights_io.write_manifest([WEIGHTS_FILE])
    return weights_io.version_of("audio", [WEIGHTS_FILE])
