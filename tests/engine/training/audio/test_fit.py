"""Training on a corpus that a few epochs can learn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.affect import FloatArray
from engine.encoders.audio_net import AudioNet
from engine.training.audio.datasets import Clip
from engine.training.audio.fit import Corpus, Recipe, Student, batch_loss, fit
from engine.training.audio.oof import predict_fold, write_oof
from engine.training.audio.pooling import fit_attention
from engine.training.audio.publish import load_state, save_state
from engine.training.audio.segments import segment_spans
from engine.training.evaluation.metrics import pearson
from engine.training.evaluation.oof import load_oof
from tests.engine.training.audio.making import clips, corpus

_SMALL = Recipe(epochs=12, batch=16, average=0.9, dropout=0.1)


@pytest.fixture(scope="module")
def made() -> tuple[list[Clip], Corpus]:
    of = clips()
    return of, corpus(of)


def _vad(net: AudioNet, of: Corpus, rows: np.ndarray) -> FloatArray:
    with torch.inference_mode():
        return np.asarray(net.head("vad", net.embedding(of.features(rows))).numpy())


def test_it_learns_what_it_was_shown_and_generalises(made: tuple[list[Clip], Corpus]) -> None:
    _, of = made
    net = fit(of, np.flatnonzero(of.targets.fold != 0), _SMALL)
    test = np.flatnonzero(of.targets.fold[of.clip] == 0)
    predicted, wanted = _vad(net, of, test), of.targets.vad[of.clip[test]]
    assert pearson(predicted[:, 1], wanted[:, 1]) > 0.8
    assert pearson(predicted[:, 0], wanted[:, 0]) > 0.8


def test_the_teacher_is_imitated(made: tuple[list[Clip], Corpus]) -> None:
    _, of = made
    student = Student(of, _SMALL)
    torch.autograd.backward(batch_loss(student, of, np.arange(20), _SMALL, np.random.default_rng(1)))
    for head in (student.teacher, student.soft):
        assert head.weight.grad is not None
        assert float(head.weight.grad.abs().sum()) > 0


def test_the_same_seed_gives_the_same_network_and_another_another(made: tuple[list[Clip], Corpus]) -> None:
    _, of = made
    recipe = replace(_SMALL, epochs=1)
    one, same, other = (fit(of, np.arange(30), r) for r in (recipe, recipe, replace(recipe, seed=1)))
    torch.testing.assert_close(one.hidden.weight, same.hidden.weight)
    assert not torch.equal(one.hidden.weight, other.hidden.weight)


def test_learned_pooling_is_no_worse_than_the_mean(made: tuple[list[Clip], Corpus]) -> None:
    _, of = made
    net = fit(of, np.arange(60), replace(_SMALL, epochs=1))
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


def test_a_kept_network_gives_ratings_in_their_units(made: tuple[list[Clip], Corpus], tmp_path: Path) -> None:
    _, of = made
    net = fit(of, np.arange(60), replace(_SMALL, epochs=1))
    save_state(net, tmp_path / "net.pt")
    kept = load_state(tmp_path / "net.pt", of.targets.words)
    with torch.inference_mode():
        before = net.head("static", net.embedding(of.features(np.arange(5))))
        after = kept.head("static", kept.embedding(of.features(np.arange(5))))
    torch.testing.assert_close(after, before * torch.tensor([1.2, 1.3]) + 5.0, atol=0.05, rtol=0.01)


def test_predictions_survive_the_file(made: tuple[list[Clip], Corpus], tmp_path: Path) -> None:
    of, data = made
    torch.manual_seed(0)
    net = AudioNet(3).eval()
    starts = np.zeros(len(data.clip), dtype=np.float32)
    parts = [predict_fold(net, of, data, starts, fold) for fold in (1, 0)]
    write_oof(parts, tmp_path / "oof.npz", "audio-test+oof")
    oof = load_oof(tmp_path / "oof.npz")
    assert oof.version == "audio-test+oof"
    assert [int((oof.level == level).sum()) for level in ("song", "segment")] == [36, 48]
    assert oof.rows(of="deam").tolist() == list(range(12))
    with torch.inference_mode():
        again = net.head("vad", torch.from_numpy(oof.embedding.astype(np.float32))).numpy()
    np.testing.assert_allclose(oof.vad, again, atol=1e-6)
