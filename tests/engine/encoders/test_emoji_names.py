import pytest

from engine.encoders.emoji_names import FILLERS, MEMES, reading


@pytest.mark.parametrize(
    ("name", "symbols", "rest"),
    [
        ("pepe_sad", ["😢"], ""),
        ("PepeHands", ["😭"], ""),
        ("peepoClap", ["👏"], ""),
        ("monkaS", ["😰"], ""),
        ("catjam", ["🎶"], ""),
        ("KEKW", ["🤣"], ""),
        ("blob_dance_party", ["💃", "🎉"], ""),
        ("sad_trombone", ["😢"], "trombone"),
        ("zorblax", [], "zorblax"),
        ("pepe", [], ""),
        ("_123_", [], ""),
    ],
)
def test_reading(name: str, symbols: list[str], rest: str) -> None:
    assert reading(name) == (symbols, rest)


def test_a_filler_is_no_meme() -> None:
    assert not FILLERS & set(MEMES)
