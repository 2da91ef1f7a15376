"""The shipped text encoder: sound affects for anything, the same alone and in a batch, from one thread and from many."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.affect import Affect
from engine.encoders.text import FILE, HeadedTextEncoder, load_text_encoder, read_text_encoder, text_map
from engine.encoders.weights_io import MANIFEST, WEIGHTS, write_manifest
from engine.errors import ModelError
from engine.settings import Settings

ODD = ["", " ", "?!", "\x00\x1b[31m", "z̷̢͑a̸l̶g̵o̴" * 20, "שלום עולם", "悲しい", "a" * 10_000, "<:sad:1>", "word " * 3000, "\ud800"]


@pytest.fixture(scope="module")
def encoder() -> HeadedTextEncoder:
    return read_text_encoder()


def vad(encoder: HeadedTextEncoder, text: str) -> np.ndarray:
    return encoder.encode_raw([text])[0].vad


@pytest.mark.parametrize("text", ODD)
def test_odd_messages_get_an_affect(encoder: HeadedTextEncoder, text: str) -> None:
    assert isinstance(encoder.encode([text])[0], Affect)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200))
def test_every_message_gets_an_affect(encoder: HeadedTextEncoder, text: str) -> None:
    assert isinstance(encoder.encode_raw([text])[0], Affect)


def test_order_and_company_do_not_matter(encoder: HeadedTextEncoder) -> None:
    texts = ["so happy", "a long and winding message about nothing much at all, really", "sad", "", "furious!!!"] * 20
    together = encoder.scores(texts)
    for i in range(5):
        alone = encoder.scores([texts[i]])
        assert np.abs(alone.vad[0] - together.vad[i]).max() < 1e-4
        assert np.abs(alone.emoji[0] - together.emoji[i + 5]).max() < 1e-4


def test_many_threads_get_what_one_gets(encoder: HeadedTextEncoder) -> None:
    texts = [f"message number {i} is {mood}" for i in range(10) for mood in ("happy", "sad")]
    alone = [encoder.encode_raw([text])[0] for text in texts]
    with ThreadPoolExecutor(4) as pool:
        for one, other in zip(alone, pool.map(lambda text: encoder.encode_raw([text])[0], texts), strict=True):
            assert np.abs(one.vad - other.vad).max() < 1e-5


def test_nothing_in_nothing_out(encoder: HeadedTextEncoder) -> None:
    assert encoder.encode([]) == []


@pytest.mark.parametrize(
    ("brighter", "darker"),
    [("i love this", "i hate this"), ("not bad at all", "not good at all"), ("what a wonderful day", "what a horrible day")],
)
def test_valence_knows_its_sides(encoder: HeadedTextEncoder, brighter: str, darker: str) -> None:
    assert vad(encoder, brighter)[0] > vad(encoder, darker)[0] + 0.2


@pytest.mark.parametrize(
    ("louder", "calmer"),
    [("party all night long!", "quiet evening with tea"), ("i am furious", "a little sad"), ("techno", "lullaby")],
)
def test_arousal_knows_its_sides(encoder: HeadedTextEncoder, louder: str, calmer: str) -> None:
    assert vad(encoder, louder)[1] > vad(encoder, calmer)[1] + 0.1


def test_dominance_knows_its_sides(encoder: HeadedTextEncoder) -> None:
    assert vad(encoder, "i am in charge now")[2] > vad(encoder, "i feel powerless")[2] + 0.2


def test_typing_louder_is_feeling_more(encoder: HeadedTextEncoder) -> None:
    assert vad(encoder, "WE ARE SO ANGRY!!!")[1] > vad(encoder, "we are so angry")[1]


def test_emoji_fit_the_words(encoder: HeadedTextEncoder) -> None:
    happy, sad = encoder.encode_raw(["so happy, this made my day", "my heart is broken and i cannot stop crying"])
    assert {symbol for symbol, _ in happy.top_emoji(8)} & set("😊😄😁☺😍🙌💖")
    assert {symbol for symbol, _ in sad.top_emoji(8)} & set("😢😭💔😔😞")


def test_loading_is_done_once() -> None:
    chosen = Settings()
    assert load_text_encoder(chosen) is load_text_encoder(chosen)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / FILE).parent.mkdir(parents=True)
    shutil.copy(WEIGHTS / FILE, tmp_path / FILE)
    shutil.copy(WEIGHTS / MANIFEST, tmp_path / MANIFEST)
    return tmp_path


def test_a_flipped_byte_in_the_weights_is_one_clear_error(copy: Path) -> None:
    data = bytearray((copy / FILE).read_bytes())
    data[len(data) // 2] ^= 8
    (copy / FILE).write_bytes(data)
    with pytest.raises(ModelError, match=r"encoder\.safetensors is damaged"):
        read_text_encoder(copy)


def test_weights_of_another_shape_are_refused(copy: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"layers.0.out.weight": torch.zeros(3, 3)}, copy / FILE)
    write_manifest([FILE], copy)
    with pytest.raises(ModelError, match="does not fit"):
        read_text_encoder(copy)


def test_the_version_is_that_of_the_files(encoder: HeadedTextEncoder, copy: Path) -> None:
    assert read_text_encoder(copy).version == encoder.version


def test_without_a_calibration_the_map_is_the_identity(tmp_path: Path) -> None:
    assert np.allclose(text_map(tmp_path).vad(np.array([0.1, 0.5, 0.9])), [0.1, 0.5, 0.9])
