"""Train the audio encoder: five fold models, their out-of-fold predictions, and the model that ships.

``python -m engine.training.audio.train --musicnn checkpoint.npz``.

Every step is kept in the cache and a stopped run goes on where it was. Folds may be trained by several processes at once (``--only 0 2``);
the process that finds all of them done writes the predictions, the weights and the model card.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from engine.affect import EMOJI, FloatArray
from engine.encoders.emoji import load_emoji_encoder
from engine.encoders.text import load_text_encoder
from engine.settings import data_dir, settings
from engine.training.audio.datasets import N_FOLDS, Clip, load_clips
from engine.training.audio.features import MelCache, key, load_mels
from engine.training.audio.fit import Corpus, Recipe, fit
from engine.training.audio.musicnn import from_tensorflow
from engine.training.audio.oof import predict_fold
from engine.training.audio.pooling import fit_attention
from engine.training.audio.probes import patch_features, soft_targets
from engine.training.audio.publish import load_state, publish, save_state
from engine.training.audio.targets import build_targets, spread_words
from engine.training.audio.teacher import load_teacher, patch_starts
from engine.training.evaluation.oof import PATH as OOF_PATH

#: The model trained on every clip, beside the folds 0-4.
FULL = "full"


@dataclass(frozen=True, eq=False)
class Workshop:
    """What all the models are trained on."""

    clips: Sequence[Clip]
    mels: MelCache
    corpus: Corpus
    pooled: FloatArray
    cache: Path


def prepare(data: Path, cache: Path, musicnn: Path | None) -> Workshop:
    """Decode, extract the teacher's features and build the targets, each once.

    Args:
        data: the folder of labelled data.
        cache: where everything that takes long is kept.
        musicnn: an .npz of the variables of MusiCNN's TensorFlow checkpoint by name; needed until its features are in the cache.
    """
    clips = load_clips(data)
    mels = load_mels(clips, cache)
    model = None
    if musicnn is not None:
        with np.load(musicnn) as variables:
            model = from_tensorflow(dict(variables), torch.bfloat16)
    patches = patch_features(load_teacher(clips, mels, cache, model), clips)
    words, emoji = _points(clips, cache)
    spans = np.array([mels.spans[key(clip)] for clip in clips])
    corpus = Corpus(
        mels.frames, spans[:, 0], spans[:, 1], build_targets(clips, spread_words(words), emoji),
        teacher=patches, patch_starts=[patch_starts(int(count)) for count in spans[:, 1]],
    )  # fmt: skip
    return Workshop(clips, mels, corpus, np.stack([patch.mean(axis=0) for patch in patches]), cache)


def _points(clips: Sequence[Clip], cache: Path) -> tuple[dict[str, FloatArray], FloatArray]:
    """VAD of the mood words by the text encoder and (62, 3) of the emoji by the emoji encoder, asked once so that all folds share them."""
    path = cache / "words.npz"
    if not path.exists():
        text = load_text_encoder()
        words = sorted({word for clip in clips for word in clip.moods})
        vad = np.stack([affect.vad for affect in text.encode_raw(words)])
        emoji = np.stack([affect.vad for affect in load_emoji_encoder(text).encode_raw(EMOJI)])
        np.savez(path, words=np.array(words), vad=vad, emoji=emoji, versions=np.array([text.version]))
    with np.load(path) as found:
        return dict(zip(found["words"].tolist(), found["vad"], strict=True)), found["emoji"]


def train_one(shop: Workshop, name: str, recipe: Recipe) -> Path:
    """Train the model of fold ``name`` ("0" to "4": all clips but that fold's) or :data:`FULL` on every clip; the path of its weights."""
    folder = shop.cache / "models"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.pt"
    if path.exists():
        return path
    held_out = None if name == FULL else int(name)
    targets = shop.corpus.targets
    rows = np.flatnonzero(np.ones(len(shop.clips), dtype=bool) if held_out is None else targets.fold != held_out)
    soft = soft_targets(shop.pooled, targets, held_out)
    corpus = Corpus(**{**shop.corpus.__dict__, "soft": soft})

    def report(epoch: int, _: object) -> None:
        print(f"{name}: epoch {epoch} of {recipe.epochs}", file=sys.stderr, flush=True)

    net = fit(corpus, rows, recipe, folder / f"{name}.checkpoint", report).fold()
    equal, learned = fit_attention(net, corpus, rows)
    print(f"{name}: pooling, loss {equal:.3f} with equal weights, {learned:.3f} learned", file=sys.stderr, flush=True)
    save_state(net, path)
    (folder / f"{name}.checkpoint").unlink(missing_ok=True)
    return path


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m engine.training.audio.train", description=__doc__)
    parser.add_argument("--musicnn", type=Path, help="npz of the variables of the MusiCNN checkpoint, by their TensorFlow names")
    parser.add_argument(
        "--cache", type=Path, default=settings().home / "training" / "audio", help="where features and checkpoints are kept"
    )
    parser.add_argument("--only", nargs="*", default=[*map(str, range(N_FOLDS)), FULL], help="models to train in this process")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    recipe = Recipe(epochs=chosen.epochs, seed=chosen.seed)
    shop = prepare(data_dir(), chosen.cache, chosen.musicnn)
    for name in chosen.only:
        train_one(shop, name, recipe)
    models = {name: shop.cache / "models" / f"{name}.pt" for name in [*map(str, range(N_FOLDS)), FULL]}
    if all(path.exists() for path in models.values()):
        words = shop.corpus.targets.words
        parts = []
        for fold in range(N_FOLDS):
            net = load_state(models[str(fold)], words)
            parts.append(predict_fold(net, [clip for clip in shop.clips if clip.fold == fold], shop.mels))
        figures = publish(parts, load_state(models[FULL], words), shop.clips, shop.corpus.targets, recipe, OOF_PATH)
        for figure, value in figures.items():
            print(f"{figure}: {value:.3f}")


if __name__ == "__main__":
    main()
