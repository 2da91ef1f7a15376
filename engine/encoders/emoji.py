"""Any emoji → one affect: a table trained by `python -m engine.training.emoji`, and the text encoder for what the table does not hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import emoji as emoji_library
import numpy as np

from engine.affect import AXES, N_EMOJI, Affect, FloatArray, blend, normalised
from engine.calibration import IDENTITY, ModalityMap
from engine.encoders.base import TextEncoder
from engine.encoders.emoji_keys import components, custom_name, key
from engine.encoders.emoji_names import reading
from engine.encoders.weights_io import WEIGHTS, load_tensors, shipped_maps, verified, version_of
from engine.errors import ModelError

#: The shipped files: "vad" (n, 3) and "emoji" (n, 62), float16, one row per sequence of the list beside them.
TABLE = "emoji/table.safetensors"
SEQUENCES = "emoji/sequences.json"
NAME = "emoji-table"

#: How strongly the parts of a custom emoji's name that the lexicon knows outweigh a word it does not know.
_MEME_WEIGHT = 2.0


class AffectTable(Mapping[str, Affect]):
    """Key → raw affect, each built when it is asked for: two thousand of them at once would hold up every start.

    Args:
        keys: n keys (see :func:`engine.encoders.emoji_keys.key`).
        vad: (n, 3) in [0, 1].
        emoji: (n, 62) non-negative.

    Raises:
        ValueError: when the three do not fit each other or hold anything else.
    """

    def __init__(self, keys: Sequence[str], vad: FloatArray, emoji: FloatArray) -> None:
        if vad.shape != (len(keys), len(AXES)) or emoji.shape != (len(keys), N_EMOJI):
            raise ValueError("the table and its sequences differ in size")
        if not (np.isfinite(vad).all() and np.isfinite(emoji).all() and (vad >= 0).all() and (vad <= 1).all() and (emoji >= 0).all()):
            raise ValueError("the table holds what is no affect")
        self._rows = {spelt: row for row, spelt in enumerate(keys)}
        self._vad, self._emoji = vad, emoji

    def __getitem__(self, spelt: str) -> Affect:
        row = self._rows[spelt]
        return Affect(self._vad[row], normalised(self._emoji[row]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, spelt: object) -> bool:
        return spelt in self._rows


class TableEmojiEncoder:
    """The shipped encoder. Safe to call from several threads: it holds no state between calls.

    Args:
        table: key (see :func:`engine.encoders.emoji_keys.key`) → raw affect.
        text: reads what the table does not hold, by its name.
        version: names the weights; changes whenever a byte of them does.
        map_: the cross-modal map of this version.
    """

    def __init__(self, table: Mapping[str, Affect], text: TextEncoder, version: str, map_: ModalityMap = IDENTITY) -> None:
        self.table, self.text, self.version, self.map = table, text, version, map_

    def knows(self, symbol: str) -> bool:
        """Whether the table holds this emoji, whatever its skin tones and variation selectors."""
        return key(symbol.strip()) in self.table

    def encode_raw(self, emoji: Sequence[str]) -> list[Affect]:
        """Affects before the cross-modal map, one per emoji; the VAD is in NRC units.

        Each entry is one emoji of any spelling or a Discord custom emoji ``<:name:id>``. Nothing is refused: an emoji newer than the
        table is read by its parts, then by its name; any other string as text.
        """
        return [self._one(symbol.strip()) for symbol in emoji]

    def encode(self, emoji: Sequence[str]) -> list[Affect]:
        """Affects on the scale text, emoji and audio share, one per emoji."""
        return [self.map(raw) for raw in self.encode_raw(emoji)]

    def _one(self, symbol: str) -> Affect:
        known = self.table.get(key(symbol))
        if known is not None:
            return known
        name = custom_name(symbol)
        if name is not None:
            return self._custom(name)
        parts = [self.table[part] for part in components(symbol) if part in self.table]
        if parts:
            return blend(parts)
        spoken = emoji_library.EMOJI_DATA.get(symbol, {}).get("en", symbol)
        return self.text.encode_raw([str(spoken).strip(":").replace("_", " ")])[0]

    def _custom(self, name: str) -> Affect:
        symbols, rest = reading(name)
        affects = [self.table[key(symbol)] for symbol in symbols if key(symbol) in self.table]
        weights = [_MEME_WEIGHT] * len(affects)
        if rest or not affects:
            affects.append(self.text.encode_raw([rest or name.replace("_", " ").strip() or name])[0])
            weights.append(1.0)
        return blend(affects, weights)


def emoji_map(root: Path = WEIGHTS) -> ModalityMap:
    """The cross-modal map of emoji; the identity while none was fitted.

    Raises:
        ModelError: when the calibration is damaged.
    """
    return shipped_maps(root)["emoji"]


def read_table(root: Path = WEIGHTS) -> AffectTable:
    """The verified table under ``root``.

    Raises:
        ModelError: when a file is missing, damaged, or the two do not fit each other.
    """
    tensors = load_tensors(TABLE, root)
    try:
        sequences = json.loads(verified(SEQUENCES, root).read_text(encoding="utf-8"))
        return AffectTable(sequences, tensors["vad"].numpy().astype(np.float32), tensors["emoji"].numpy().astype(np.float32))
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"the emoji table cannot be read ({error})", "reinstall Emojuke") from error


def load_emoji_encoder(text_encoder: TextEncoder, root: Path = WEIGHTS) -> TableEmojiEncoder:
    """The emoji encoder with its verified weights.

    Args:
        text_encoder: reads custom emoji and emoji newer than the table.
        root: the folder of all weights.

    Raises:
        ModelError: when weights are missing or damaged.
    """
    return TableEmojiEncoder(read_table(root), text_encoder, version_of(NAME, [TABLE, SEQUENCES], root), emoji_map(root))
