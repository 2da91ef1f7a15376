import json
import shutil
from pathlib import Path

import emoji
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.affect import EMOJI, EMOJI_INDEX, distance
from engine.encoders.emoji import SEQUENCES, TABLE, TableEmojiEncoder, load_emoji_encoder
from engine.encoders.text import load_text_encoder
from engine.encoders.weights_io import MANIFEST, WEIGHTS, write_manifest
from engine.errors import ModelError


@pytest.fixture(scope="module")
def encoder() -> TableEmojiEncoder:
    return load_emoji_encoder(load_text_encoder())


def test_every_rgi_emoji_is_in_the_table_in_every_spelling(encoder: TableEmojiEncoder) -> None:
    unknown = [s for s in emoji.EMOJI_DATA if not encoder.knows(s)]
    assert unknown == []


def test_the_62_put_themselves_first(encoder: TableEmojiEncoder) -> None:
    for symbol, affect in zip(EMOJI, encoder.encode_raw(EMOJI), strict=True):
        assert affect.emoji[EMOJI_INDEX[symbol]] > 0.3, symbol
        assert affect.top_emoji(1)[0][0] == symbol


@pytest.mark.parametrize(("one", "other"), [("👍🏽", "👍"), ("❤️", "❤"), ("💁🏿‍♀️", "💁‍♀"), (" 😢 ", "😢")])
def test_spellings_are_one_emoji(encoder: TableEmojiEncoder, one: str, other: str) -> None:
    assert encoder.encode_raw([one]) == encoder.encode_raw([other])


# Sides that nobody who asks for music by these emoji would doubt; axis, then the emoji above and below the centre of all emoji.
SIDES = {
    0: ("🎉😊❤😍🥳💃🤩🙌☀🌈😎💕🌻🏆", "😢😭💔😡🥀💀😞😱🤢😠🌧😔⚰😩"),
    1: ("🔥🎉💥😡😱💃🤩⚡😂💪🥁🤬🚀🥊", "😌😴🌙☕🌧🕯🧘🍃🥀🍂🛌🕊📖🌿"),
    2: ("💪👑😎🏆👊💯🔥😤🦁✊🚀🥇", "😢😭🥺😰😞💔😨🥀😪😿🌧😔"),
}


@pytest.mark.parametrize("axis", SIDES)
def test_sides_of_common_emoji(encoder: TableEmojiEncoder, axis: int) -> None:
    centre = np.median([affect.vad[axis] for affect in encoder.encode_raw(sorted(emoji.EMOJI_DATA)[::5])])
    high, low = SIDES[axis]
    wrong = [s for s in high if encoder.encode_raw([s])[0].vad[axis] <= centre]
    wrong += [s for s in low if encoder.encode_raw([s])[0].vad[axis] >= centre]
    assert wrong == []


@pytest.mark.parametrize(("symbol", "near", "far"), [("🥀", "😔", "😄"), ("🎊", "🙌", "😞"), ("🤬", "😡", "😌"), ("🛌", "😴", "👊")])
def test_nearest(encoder: TableEmojiEncoder, symbol: str, near: str, far: str) -> None:
    asked, a, b = encoder.encode_raw([symbol, near, far])
    assert distance(asked, a) < distance(asked, b)


def test_custom_emoji_by_name(encoder: TableEmojiEncoder) -> None:
    sad, happy, cry = encoder.encode_raw(["<:pepe_sad:123>", "<a:peepoHappy:9>", "😢"])
    assert sad == cry
    assert happy.valence > 0.7 > sad.valence
    unknown = encoder.encode_raw(["<:furious_anger_rage_zz:1>", "<:peaceful_meadow:2>", "<:_:3>"])
    assert unknown[0].valence < unknown[1].valence


def test_an_emoji_newer_than_the_table_is_read_by_its_parts_or_as_text(encoder: TableEmojiEncoder) -> None:
    both = encoder.encode_raw(["😢‍🔥"])[0]
    sad, fire = encoder.encode_raw(["😢", "🔥"])
    assert np.allclose(both.vad, (sad.vad + fire.vad) / 2, atol=1e-6)
    for strange in ("\U0001fbff", "🇽🇽", "word", "", "\ud83d", "<:a:1"):
        assert encoder.encode_raw([strange])[0].vad.shape == (3,)


def test_no_emoji_no_affect(encoder: TableEmojiEncoder) -> None:
    assert encoder.encode([]) == []


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    (tmp_path / "emoji").mkdir()
    for name in (TABLE, SEQUENCES, MANIFEST):
        shutil.copy(WEIGHTS / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("name", [TABLE, SEQUENCES])
def test_a_flipped_byte_is_found(weights: Path, name: str) -> None:
    damaged = bytearray((weights / name).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (weights / name).write_bytes(damaged)
    with pytest.raises(ModelError, match="damaged"):
        load_emoji_encoder(load_text_encoder(), weights)


def test_a_table_that_does_not_fit_its_sequences_is_refused(weights: Path) -> None:
    sequences = json.loads((weights / SEQUENCES).read_text(encoding="utf-8"))
    (weights / SEQUENCES).write_text(json.dumps(sequences[:-1]), encoding="utf-8")
    write_manifest([SEQUENCES], weights)
    with pytest.raises(ModelError, match="emoji table"):
        load_emoji_encoder(load_text_encoder(), weights)
    save_file({"vad": torch.full((1, 3), 7.0), "emoji": torch.ones(1, 62)}, weights / TABLE)
    (weights / SEQUENCES).write_text('["x"]', encoding="utf-8")
    write_manifest([TABLE, SEQUENCES], weights)
    with pytest.raises(ModelError, match="emoji table"):
        load_emoji_encoder(load_text_encoder(), weights)


def test_the_version_names_the_weights(encoder: TableEmojiEncoder, weights: Path) -> None:
    assert load_emoji_encoder(load_text_encoder(), weights).version == encoder.version
    (weights / SEQUENCES).write_text((weights / SEQUENCES).read_text(encoding="utf-8") + " ", encoding="utf-8")
    write_manifest([SEQUENCES], weights)
    assert load_emoji_encoder(load_text_encoder(), weights).version != encoder.version
