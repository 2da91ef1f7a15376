import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.affect import Affect
from engine.encoders.emoji import load_emoji_encoder
from engine.encoders.message import MAX_PUSH, MessageEncoder, emoji_weight, pushed, together
from engine.encoders.text import load_text_encoder
from engine.errors import QueryError


@pytest.fixture(scope="module")
def encoder() -> MessageEncoder:
    text = load_text_encoder()
    return MessageEncoder(text, load_emoji_encoder(text))


def test_words_alone_are_the_text_encoders_affect(encoder: MessageEncoder) -> None:
    found = encoder.encode("so happy today")
    assert found.affect == load_text_encoder().encode(["so happy today"])[0]
    assert found.raw == encoder.text.encode_raw(["so happy today"])[0]
    assert (found.text, found.emoji, found.notices) == ("so happy today", (), ())


def test_one_emoji_alone_is_the_emoji_encoders_affect(encoder: MessageEncoder) -> None:
    found = encoder.encode(" 👍🏽 ")
    assert found.affect == load_emoji_encoder(load_text_encoder()).encode(["👍"])[0]
    assert found.raw == encoder.emoji.encode_raw(["👍"])[0]
    assert found.text == ""


def test_a_mixed_message_lies_between_its_parts(encoder: MessageEncoder) -> None:
    words, both, symbol = encoder.encode("happy"), encoder.encode("happy 😢"), encoder.encode("😢")
    assert symbol.affect.valence < both.affect.valence < words.affect.valence
    weight = emoji_weight(1, 1)
    assert np.allclose(both.affect.vad, (1 - weight) * words.affect.vad + weight * symbol.affect.vad, atol=1e-5)
    assert both.emoji == ("😢",)


def test_emoji_weigh_less_beside_more_words_and_more_the_more_they_are() -> None:
    by_words = [emoji_weight(n, 1) for n in (1, 2, 4, 8, 50)]
    assert by_words == sorted(by_words, reverse=True)
    assert emoji_weight(4, 3) > emoji_weight(4, 1)
    assert emoji_weight(1, 1) < 0.5
    assert 0.2 < emoji_weight(50, 1) < emoji_weight(50, 1000) < 1.0


@pytest.mark.parametrize("symbol", ["😢", "🔥", "😌", "😡", "🥳"])
def test_repetition_pushes_away_from_the_centre(encoder: MessageEncoder, symbol: str) -> None:
    once, thrice, ten = (encoder.encode(symbol * n).raw for n in (1, 3, 10))
    away = [float(np.abs(a.vad - 0.5).sum()) for a in (once, thrice, ten)]
    assert away[0] < away[1] <= away[2]
    assert (np.sign(once.vad - 0.5) == np.sign(thrice.vad - 0.5)).all()
    assert once.emoji.max() < thrice.emoji.max() or once.emoji.max() > 0.99


def test_later_emoji_weigh_a_little_more(encoder: MessageEncoder) -> None:
    ends_sad, ends_happy = encoder.encode("😄😢").raw, encoder.encode("😢😄").raw
    assert 0.0 < ends_happy.valence - ends_sad.valence < 0.2


def test_together_with_one_emoji_is_exact_and_a_push_is_bounded() -> None:
    corner = Affect(np.array([1.0, 0.0, 0.7]), np.full(62, 1 / 62))
    assert together(["x"], {"x": corner}) == corner
    assert pushed(corner, 1.0) is corner
    assert pushed(corner, MAX_PUSH).vad.tolist() == pytest.approx([1.0, 0.0, 0.5 + 0.2 * MAX_PUSH])


@pytest.mark.parametrize("message", ["", " ", "\n\t", "\u200b", "\x00\x01", "!!! ???", "...", "-", "<@123> https://example.com", "12 34"])
def test_nothing_to_read_is_one_clear_sentence(encoder: MessageEncoder, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        encoder.encode(message)
    sentence = str(caught.value)
    assert sentence.count(".") == 1
    assert sentence.endswith(".")
    assert "emoji" in sentence


@pytest.mark.parametrize(
    ("message", "word"),
    [("sad " * 2500, "4,000"), ("ich bin heute sehr traurig", "English"), ("мне грустно", "English"), ("<:zorblax:1>", ":zorblax:")],
)
def test_notices(encoder: MessageEncoder, message: str, word: str) -> None:
    (notice,) = encoder.encode(message).notices
    assert word in notice


@pytest.mark.parametrize("message", ["hyped af", "lofi beats 🎧", "<:pepe_sad:1>", "rainy sunday, missing her 🌧️", "שיר 😢"[-1]])
def test_no_notice_without_need(encoder: MessageEncoder, message: str) -> None:
    assert encoder.encode(message).notices == ()


@settings(max_examples=40, deadline=None)
@given(st.one_of(st.text(max_size=60), st.text(alphabet="😢🔥❤️‍👍🏽<:a1>é שa ̸\x00", max_size=30)))
def test_any_string_gives_an_affect_or_a_query_error(encoder: MessageEncoder, message: str) -> None:
    try:
        found = encoder.encode(message)
    except QueryError:
        return
    for affect in (found.affect, found.raw):
        assert np.isfinite(affect.vad).all()
        assert affect.emoji.sum() == pytest.approx(1.0, abs=1e-4)
    assert found.text or found.emoji
