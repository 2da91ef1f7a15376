"""Our own lines: made by the generator and nothing else, rated within bounds, split by family."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.affect import EMOJI
from engine.training.text import datasets, mood_lines


def test_the_file_is_what_the_generator_makes(tmp_path: Path) -> None:
    assert mood_lines.write(tmp_path / "moods.csv") >= 1500
    assert (tmp_path / "moods.csv").read_text(encoding="utf-8") == mood_lines.TARGET.read_text(encoding="utf-8")


def test_ratings_and_emoji_are_sound() -> None:
    for line in mood_lines.make_lines():
        assert line.text.strip()
        assert all(r is None or -1.0 <= r <= 1.0 for r in line.rating), line
        assert set(line.emoji.split()) <= set(EMOJI), line


def test_negation_and_degree_change_the_rating() -> None:
    by_text = {line.text: line.rating for line in mood_lines.make_lines()}
    for phrase, rating, _ in mood_lines.read_list("mood_words.txt"):
        assert rating[0] is not None
        for carrier in ("not {}", "no longer {}", "hardly {}"):
            valence = by_text.get(carrier.format(phrase), (None,))[0]
            assert valence is None or valence * rating[0] <= 0.0 or carrier.format(phrase) in _WHOLE, phrase
        milder = by_text.get(f"a bit {phrase}", (None,))[0]
        assert milder is None or abs(milder) <= abs(rating[0]), phrase


_WHOLE = {phrase for phrase, _, _ in mood_lines.read_list("mood_lines.txt")}


def test_a_malformed_list_names_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mood_words.txt").write_text("# fine\nsad|-8 -4\n", encoding="utf-8")
    monkeypatch.setattr(mood_lines, "_FOLDER", tmp_path)
    with pytest.raises(ValueError, match="line 2"):
        list(mood_lines.read_list("mood_words.txt"))


def test_families_never_straddle_the_split_and_test_phrases_never_train(shared_data: Path) -> None:
    train, dev = datasets.moods("train"), datasets.moods("dev")
    families: dict[str, set[str]] = {}
    for line in mood_lines.make_lines():
        families.setdefault(line.text, set()).add(line.family)
    assert not set(train.texts) & set(dev.texts)
    trained = {name for text in train.texts for name in families[text] if len(families[text]) == 1}
    assert not [text for text in dev.texts if families[text] & trained]
    assert 0.05 < len(dev.texts) / (len(train.texts) + len(dev.texts)) < 0.16
    tested = (shared_data / "queries" / "phrases.csv").read_text(encoding="utf-8").lower()
    everything = {f"\n{text.lower()}," for text in train.texts + dev.texts}
    assert sum(text in tested for text in everything) == 0
    assert np.isfinite(train.vad).any(axis=0).all()
