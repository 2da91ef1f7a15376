"""Train a model anew for `emojuke eval --retrain ROW`, in folders of its own, so that nothing that ships changes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.settings import settings
from engine.training.audio import train as audio
from engine.training.audio.datasets import N_FOLDS
from engine.training.audio.fit import Recipe
from engine.training.audio.oof import predict_fold, write_oof
from engine.training.audio.publish import load_state
from engine.training.text import evaluate as text
from engine.training.text.assemble import assemble
from engine.training.text.fit_heads import HeadPlan
from engine.training.text.trunk import PLAN, tune


def retrained_audio(data: Path, say: Callable[[str], None], cache: Path | None = None) -> Path:
    """Five fold models from scratch and their out-of-fold predictions; features already extracted are used again.

    Args:
        data: folder of the labelled data.
        say: told each fold that is done.
        cache: where features are, and checkpoints go; in the home folder by default. A stopped run goes on where it was.

    Returns:
        The path of the predictions.
    """
    features = cache or settings().home / "training" / "audio"
    shop = audio.prepare(data, features, None)
    fresh = replace(shop, cache=features / "retrained")
    parts = []
    for fold in range(N_FOLDS):
        net = load_state(audio.train_one(fresh, str(fold), Recipe()), shop.corpus.targets.words)
        parts.append(predict_fold(net, shop.clips, shop.corpus, shop.start_s, fold))
        say(f"fold {fold} trained")
    path = features / "retrained" / "audio.npz"
    write_oof(parts, path, "retrained+oof")
    return path


def retrained_text(say: Callable[[str], None]) -> dict[str, text.Figures]:
    """The text encoder tuned from the bare backbone and measured on the test sets."""
    with tempfile.TemporaryDirectory() as folder:
        trunk = tune(PLAN, Path(folder))
        say("backbone tuned")
        return text.evaluate_text(assemble(trunk, HeadPlan()))
