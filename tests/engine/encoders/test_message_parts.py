import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.encoders.message_parts import MAX_CHARACTERS, take_apart


@pytest.mark.parametrize(
    ("message", "text", "emoji"),
    [
        ("rainy sunday, missing her 🌧️", "rainy sunday, missing her", ("🌧️",)),
        ("😢😢😢", "", ("😢", "😢", "😢")),
        ("<:pepe_sad:123>help<a:x:1>", "help", ("<:pepe_sad:123>", "<a:x:1>")),
        ("my ♡ goes ♪", "my goes", ("♡", "♪")),
        ("👨‍👩‍👧 👍🏽 🇩🇪 1️⃣", "", ("👨‍👩‍👧", "👍🏽", "🇩🇪", "1️⃣")),
        (":fire: :pepe_sad: :nothing_known:", ":nothing_known:", ("🔥", "<:pepe_sad:0>")),
        ("it's 10:30:45 now", "it's 10:30:45 now", ()),
        ("ugh :( and <3", "ugh and", ("🙁", "❤")),
        ("**so** _very_ ~~sad~~ ||today|| __oh__", "so very sad today oh", ()),
        ("***__deep__*** `code` ```py\nx = y```", "deep code x = y", ()),
        ("> quoted\n# Title\n- point", "quoted Title point", ()),
        ("snake_case and f***ing 2 * 3", "snake_case and f***ing 2 * 3", ()),
        ("[click me](https://example.com/a_b) https://example.org/?q=sad <https://x.y> www.z.com", "click me", ()),
        ("@everyone <@123> <@!4> <@&5> <#6> </play:7> <t:1618953630:R> hi", "hi", ()),
        ("Acme™ © tune", "AcmeTM © tune", ()),
        ("𝓼𝓪𝓭 ｓｏｎｇ", "sad song", ()),
        ("z̸̢̛̗a̵̡̮l̶̨̰g̷̢o̴̧ ś̸̨ä̵̢d̶̡", "zalgo sad", ()),
        ("café naïve", "café naïve", ()),
        ("\u202eevil\u202c \u200bhidden\ufeff", "evil hidden", ()),
        ("שלום עולם", "שלום עולם", ()),
        ("नमस्ते", "नमस्ते", ()),
        ("tab\tnull\x00bell\x07", "tab null bell", ()),
        ("\ud83d lone", "lone", ()),
        ("!!! ??? ...", "", ()),
        ("12 + 34", "", ()),
        ("", "", ()),
    ],
)
def test_take_apart(message: str, text: str, emoji: tuple[str, ...]) -> None:
    parts = take_apart(message)
    assert (parts.text, parts.emoji) == (text, emoji)
    assert not parts.cut


def test_a_long_message_is_cut() -> None:
    parts = take_apart("sad " * 2500)
    assert parts.cut
    assert len(parts.text) <= MAX_CHARACTERS
    assert not take_apart("x" * MAX_CHARACTERS).cut


@given(st.text(max_size=80))
def test_any_string_is_taken_apart_and_what_is_left_is_clean(message: str) -> None:
    parts = take_apart(message)
    assert parts.text == parts.text.strip()
    assert all(c.isprintable() for c in parts.text)
    assert parts.text == "" or any(c.isalpha() for c in parts.text)
    assert take_apart(parts.text).text in {parts.text, take_apart(take_apart(parts.text).text).text}


@pytest.mark.parametrize(
    "hostile", ["*" * 4000, "||" * 2000, "[" * 4000, "_a" * 2000, "<:" * 2000, ":" * 4000, "``" * 2000, "https://" * 500]
)
def test_hostile_markup_is_read_at_once(hostile: str) -> None:
    take_apart(hostile)
