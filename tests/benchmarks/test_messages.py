"""The benchmark's messages: different from each other, the same every time, and of every kind a chat has."""

from __future__ import annotations

from benchmarks.__main__ import BENCHMARKS
from benchmarks.messages import messages
from tests.checkout import texts


def test_messages_differ_and_repeat() -> None:
    made = messages(1300)
    assert len(set(made)) == 1300
    assert messages(1300) == made
    assert messages(50) == made[:50]


def test_messages_are_chat_sized_and_some_are_emoji_alone() -> None:
    made = messages(400)
    assert max(map(len, made)) <= 120
    assert 40 <= sum(not any(letter.isascii() and letter.isalpha() for letter in message) for message in made) <= 60


def test_every_benchmark_in_the_list_is_there() -> None:
    measuring = {path.stem for path, text in texts(".py") if path.parts[0] == "benchmarks" and "\ndef measure(" in text}
    assert measuring == set(BENCHMARKS)
