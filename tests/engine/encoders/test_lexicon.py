"""The operator's own NRC-VAD file: both editions are read, single terms follow it, sentences don't, and a wrong file says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.affect import neutral
from engine.encoders.lexicon import RATED_SHARE, rated, read_lexicon
from engine.errors import SettingsError
from engine.models import Models
from engine.settings import Settings

FIRST = "Word\tValence\tArousal\tDominance\nlonesome\t0.1\t0.3\t0.2\nRave up\t0.9\t1\t0.8\n"
SECOND = "term\tvalence\tarousal\tdominance\nlonesome\t-0.8\t-0.4\t-0.6\nrave up\t0.8\t1\t0.6\n"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "lexicon.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("text", [FIRST, SECOND, "\ufeff" + FIRST, FIRST.split("\n", 1)[1], FIRST.replace("\n", "\r\n")])
def test_both_editions_say_the_same(tmp_path: Path, text: str) -> None:
    lexicon = read_lexicon(written(tmp_path, text))
    assert set(lexicon) == {"lonesome", "rave up"}
    assert lexicon["lonesome"] == pytest.approx((0.1, 0.3, 0.2))
    assert lexicon["rave up"] == pytest.approx((0.9, 1.0, 0.8))


@pytest.mark.parametrize("text", ["", "no table\n", "a\tb\tc\td\n", b"\xff\xfe\x00", "sad\t-3\t0\t0\n"])
def test_a_file_that_is_no_lexicon_says_so(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(SettingsError, match="EMOJUKE_NRC_LEXICON"):
        read_lexicon(written(tmp_path, text))


def test_a_missing_lexicon_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="EMOJUKE_NRC_LEXICON"):
        read_lexicon(tmp_path / "none.txt")


def test_only_a_message_that_is_one_term_follows_its_rating() -> None:
    lexicon = {"lonesome": (0.0, 0.0, 0.0)}
    before = neutral()
    np.testing.assert_allclose(rated("Lonesome!", before, lexicon).vad, 0.5 * (1.0 - RATED_SHARE))
    assert rated("not lonesome", before, lexicon) == before
    assert rated("", before, lexicon) == before


def test_the_setting_reaches_messages(tmp_path: Path) -> None:
    path = written(tmp_path, "wistful\t0\t0\t0\n")
    plain, with_file = (Models(Settings(home=tmp_path, nrc_lexicon=chosen, _env_file=None)) for chosen in (None, path))
    assert (with_file.read("wistful").raw.vad < plain.read("wistful").raw.vad).all()
    assert with_file.read("a wistful song").raw == plain.read("a wistful song").raw
    assert (with_file.read("wistful").affect.vad <= plain.read("wistful").affect.vad).all()
