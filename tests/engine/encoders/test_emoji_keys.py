import emoji
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.encoders.emoji_keys import components, custom_name, key, words_of_name


@pytest.mark.parametrize(
    ("spelt", "expected"),
    [("👍🏽", "👍"), ("❤️", "❤"), ("👨🏿‍🚀", "👨‍🚀"), ("1️⃣", "1⃣"), ("🇩🇪", "🇩🇪"), ("🏽", "🏽"), ("♡", "♡"), ("🏳️‍🌈", "🏳‍🌈")],
)
def test_key_drops_skin_tones_and_selectors(spelt: str, expected: str) -> None:
    assert key(spelt) == expected


@given(st.text())
def test_key_is_idempotent_and_never_empties_a_text(text: str) -> None:
    assert key(key(text)) == key(text)
    assert bool(key(text)) == bool(text)


def test_skin_tones_of_every_emoji_share_one_key() -> None:
    toned = [s for s in emoji.EMOJI_DATA if any(0x1F3FB <= ord(c) <= 0x1F3FF for c in s) and len(s) > 1]
    assert len(toned) > 1000
    assert all(not any(0x1F3FB <= ord(c) <= 0x1F3FF for c in key(s)) for s in toned)


def test_components_of_a_family_are_its_members() -> None:
    assert components("👨‍👩‍👧") == ["👨", "👩", "👧"]
    assert components("🇩🇪") == []


@pytest.mark.parametrize(
    ("symbol", "name"), [("<:pepe_sad:123>", "pepe_sad"), ("<a:PogChamp:9>", "PogChamp"), ("<@123>", None), ("<:x:>", None), ("😀", None)]
)
def test_custom_name(symbol: str, name: str | None) -> None:
    assert custom_name(symbol) == name


@pytest.mark.parametrize(
    ("name", "words"),
    [("pepe_sad", ["pepe", "sad"]), ("PepeHands", ["pepe", "hands"]), ("monkaS2", ["monka", "s", "2"]), ("OMEGALUL", ["omegalul"])],
)
def test_words_of_name(name: str, words: list[str]) -> None:
    assert words_of_name(name) == words
