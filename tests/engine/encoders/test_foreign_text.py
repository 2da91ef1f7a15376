"""Bring your own backbone: a tiny one built here, heads trained on it, used through the setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.encoders.foreign_text import folder_of, slug
from engine.encoders.text import load_text_encoder, read_text_encoder
from engine.errors import ModelError
from engine.settings import Settings
from engine.training.text.foreign import train_heads

ROWS = {"goemotions": 200, "emobank": 100, "tweets": 100, "moods": 100}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A sentence-transformers folder: one random BERT layer of width 16 over letters, mean pooling."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    letters = "abcdefghijklmnopqrstuvwxyz0123456789!?.,'"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    bert = folder / "bert"
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(bert)
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, max_position_embeddings=64
    )
    BertModel(config).save_pretrained(bert)
    transformer = Transformer(str(bert), max_seq_length=64)
    SentenceTransformer(modules=[transformer, Pooling(16)], device="cpu").save(str(folder / "model"))
    return str(folder / "model")


def test_heads_are_trained_and_served_through_the_setting(tiny: str, tmp_path: Path, shared_data: Path) -> None:
    trained = train_heads(tiny, tmp_path, read_text_encoder(), rows=ROWS, steps=20, compared=100)
    served = load_text_encoder(Settings(home=tmp_path, text_backbone=tiny))
    assert served.version == trained.version
    texts = ["so happy", "quite sad today"]
    assert served.encode(texts) == trained.encode(texts)
    (folder_of(tmp_path) / f"{slug(tiny)}.safetensors").write_bytes(b"short")
    with pytest.raises(ModelError, match="damaged"):
        load_text_encoder(Settings(home=tmp_path / ".." / tmp_path.name / ".", text_backbone=tiny + "/"))


def test_a_backbone_without_heads_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"train them with: python -m engine\.training\.text\.foreign someone/model"):
        load_text_encoder(Settings(home=tmp_path, text_backbone="someone/model"))


def test_a_backbone_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be loaded"):
        train_heads(str(tmp_path / "nowhere"), tmp_path, read_text_encoder())


@pytest.mark.parametrize(
    ("name", "file"), [("Org/Model-v2", "org-model-v2"), ("/a/b/My Model/", "b-my-model"), ("..\\..\\x", "x"), ("///", "model")]
)
def test_slugs_are_file_names(name: str, file: str) -> None:
    assert slug(name) == file
