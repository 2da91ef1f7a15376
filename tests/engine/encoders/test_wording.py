"""Chat as people type it, and as nobody should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.encoders.backbone import load_tokenizer
from engine.encoders.wording import MAX_CHARACTERS, clean, loudness, unstretched

VOCABULARY = load_tokenizer().get_vocab()


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("hey   there\n\tyou", "hey there you"),
        ("look https://example.org/x?y=1 now", "look now"),
        ("sad <:pepe_sad:123456789> day", "sad pepe sad day"),
        ("<@123456> hi <#99> <@&7>", "hi"),
        ("great 😂", "great face with tears of joy"),
        ("a\x00b\x07c", "a b c"),
        ("ｆｕｌｌ ｗｉｄｔｈ", "full width"),
        ("", ""),
    ],
)
def test_clean(typed: str, read: str) -> None:
    assert clean(typed) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("sooooo tired", "so so tired"),
        ("yessss", "yes"),
        ("cooool", "cool"),
        ("goood", "good"),
        ("hellllo", "hello"),
        ("pleeeeeease", "please"),
        ("goooaaaal", "goal"),
        ("book keeper", "book keeper"),
        ("xqqqqz", "xqz"),
        ("2000", "2000"),
        ("...", "..."),
    ],
)
def test_stretched_letters_become_a_known_word(typed: str, read: str) -> None:
    assert unstretched(typed, VOCABULARY) == read


def test_loudness_counts_shouting_marks_and_stretching() -> None:
    assert loudness("so happy") == 0.0
    assert loudness("I am OK") == 0.0
    assert 0.0 < loudness("so happy!") < loudness("so happy!!!") < loudness("SO SO HAPPY!!!") < loudness("SOOOOOO HAPPY!!!") <= 1.0


@given(st.text(max_size=300))
def test_anything_can_be_cleaned(text: str) -> None:
    cleaned = clean(text)
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned
    assert 0.0 <= loudness(cleaned) <= 1.0
    unstretched(cleaned, VOCABULARY)


def test_very_long_messages_are_cut() -> None:
    assert len(clean("ab " * 10_000)) <= MAX_CHARACTERS
    assert unstretched("a" * MAX_CHARACTERS, VOCABULARY) == "a"
