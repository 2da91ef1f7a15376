"""Training on a corpus that a few epochs can learn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.encoders.audio_net import AudioNet, Stage
from engine.training.audio import fit as fitting
from engine.training.audio.datasets import Clip
from engine.training.audio.features import MelCache
from engine.training.audio.fit import Corpus, Recipe, fit
from engine.training.audio.oof import predict_fold, segment_spans, write_oof
from engine.training.audio.pooling import fit_attention
from engine.training.evaluation.metrics import pearson
from engine.training.evaluation.oof import load_oof
from tests.engine.training.audio.making import clips, corpus

_SMALL = Recipe(epochs=6, batch=15, average=0.9, bf16=False, rate=3e-3, trunk=(Stage(32, 8, 4), Stage(32, 3, 2)))


@pytest.fixture(scope="module")
def made() -> tuple[list[Clip], Corpus, MelCache]:
    of = clips()
    return of, *corpus(of)


def _predict(net: AudioNet, of: Corpus, rows: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        mel = torch.from_numpy(np.stack([of.frames[of.first[r] : of.first[r] + of.count[r]] for r in rows]).astype(np.float32))
        return np.asarray(net.head("vad", net(mel.transpose(1, 2))).numpy())


def test_it_learns_what_it_was_shown_and_generalises(made: tuple[list[Clip], Corpus, MelCache]) -> None:
    _, of, _ = made
    train, test = np.flatnonzero(of.targets.fold != 0), np.flatnonzero(of.targets.fold == 0)
    net = fit(of, train, _SMALL).fold()
    predicted, wanted = _predict(net, of, test), of.targets.vad[test]
    assert pearson(predicted[:, 1], wanted[:, 1]) > 0.8
    assert pearson(predicted[:, 0], wanted[:, 0]) > 0.5


def test_the_teacher_is_imitated(made: tuple[list[Clip], Corpus, MelCache]) -> None:
    _, of, _ = made
    rng = np.random.default_rng(0)
    teacher = [rng.standard_normal((2, 4)).astype(np.float32) for _ in of.first]
    starts = [np.array([0, 300]) for _ in of.first]
    soft = rng.standard_normal((len(of.first), 3)).astype(np.float32)
    taught = replace(of, teacher=teacher, patch_starts=starts, soft=soft)
    rows = np.arange(20)
    batch = fitting.Batch(taught, rows, _SMALL, np.random.default_rng(1))
    student = fitting.Student(taught, _SMALL)
    loss = batch.loss(student)
    torch.autograd.backward(loss)
    assert student.teacher.weight.grad is not None
    assert student.soft.weight.grad is not None
    assert float(student.teacher.weight.grad.abs().sum()) > 0
    assert float(student.soft.weight.grad.abs().sum()) > 0


def test_a_stopped_run_ends_as_one_that_was_not(made: tuple[list[Clip], Corpus, MelCache], tmp_path: Path) -> None:
    _, of, _ = made
    rows = np.arange(30)
    recipe = replace(_SMALL, epochs=2, dropout=0.0)
    whole = fit(of, rows, recipe)

    def stop(_: int, __: AudioNet) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(of, rows, recipe, tmp_path / "run", stop)
    resumed = fit(of, rows, recipe, tmp_path / "run")
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value)


def test_learned_pooling_is_no_worse_than_the_mean(made: tuple[list[Clip], Corpus, MelCache]) -> None:
    _, of, _ = made
    net = fit(of, np.arange(60), replace(_SMALL, epochs=1)).fold()
    equal, learned = fit_attention(net, of, np.arange(60))
    assert learned <= equal
    assert float(net.attention.weight.abs().sum()) > 0


@pytest.mark.parametrize(
    ("frames", "spans"),
    [
        (100, [(0, 100)]),
        (626, [(0, 626)]),
        (1876, [(0, 938), (937, 1875)]),
        (1200, [(0, 938)]),
        (1400, [(0, 938), (937, 1400)]),
    ],
)
def test_segments_are_cut_as_in_serving(frames: int, spans: list[tuple[int, int]]) -> None:
    assert segment_spans(frames) == spans


def test_predictions_survive_the_file(made: tuple[list[Clip], Corpus, MelCache], tmp_path: Path) -> None:
    of, _, mels = made
    torch.manual_seed(0)
    net = AudioNet(0, folded=True).eval()
    parts = [predict_fold(net, [clip for clip in of if clip.fold == fold], mels) for fold in (1, 0)]
    write_oof(parts, tmp_path / "oof.npz", "audio-test+oof")
    oof = load_oof(tmp_path / "oof.npz")
    assert oof.version == "audio-test+oof"
    assert len(oof.clip) == sum(clip.fold < 2 for clip in of)
    assert oof.rows(of="deam").tolist() == list(range(12))
    with torch.inference_mode():
        again = net.head("vad", torch.from_numpy(oof.embedding.astype(np.float32))).numpy()
    np.testing.assert_allclose(oof.vad, again, atol=1e-6)
