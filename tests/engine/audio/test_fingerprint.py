"""One recording in many guises, and many recordings that are not each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio.decode import open_audio
from engine.audio.fingerprint import Words, bit_error, keys, probes, same_recording
from tests.audio import Signal, Studio, noise, silence, song, tone

SONGS = range(4)
RATE = 16_000


def _of(path: Path) -> Words:
    with open_audio(path) as stream:
        for _ in stream.segments():
            pass
    return stream.fingerprint


def _words(seed: int, length: int) -> Words:
    return np.random.default_rng(seed).integers(0, 2**32, length, dtype=np.uint32)


def _flipped(words: Words, share: float, seed: int = 0) -> Words:
    flips = np.random.default_rng(seed).random((len(words), 32)) < share
    return words ^ (flips << np.arange(32)).sum(axis=1).astype(np.uint32)


@pytest.fixture(scope="module")
def songs() -> list[Signal]:
    return [song(20.0, seed=seed, rate=RATE) for seed in SONGS]


@pytest.fixture(scope="module")
def originals(studio: Studio, songs: list[Signal]) -> list[Words]:
    return [_of(studio.wav(f"fingerprint-{i}.wav", signal, rate=RATE)) for i, signal in enumerate(songs)]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("x.mp3", ("-b:a", "32k")),
        ("x.mp3", ("-b:a", "128k", "-ac", "2", "-ar", "48000")),
        ("x.opus", ("-b:a", "24k")),
        ("x.ogg", ("-q:a", "0")),
        ("x.m4a", ("-b:a", "64k")),
        ("x.flac", ("-ar", "22050")),
        ("x.wav", ("-ar", "8000", "-af", "volume=-10dB")),
        ("x.flac", ("-ss", "0.37")),
        ("x.mp3", ("-ss", "2.061", "-b:a", "64k")),
        ("x.flac", ("-af", "apad=pad_dur=3")),
    ],
)
def test_a_song_is_known_again(audio: Studio, songs: list[Signal], originals: list[Words], name: str, arguments: tuple[str, ...]) -> None:
    other = _of(audio.encode(name, songs[0], *arguments, rate=RATE))
    assert same_recording(originals[0], other)
    assert same_recording(other, originals[0])
    assert len(np.intersect1d(keys(originals[0]), probes(other))) >= 2
    assert len(np.intersect1d(keys(other), probes(originals[0]))) >= 2
    assert not any(same_recording(other, original) for original in originals[1:])


def test_different_songs_are_different(originals: list[Words]) -> None:
    for i in SONGS:
        for j in range(i):
            assert not same_recording(originals[i], originals[j])
            assert bit_error(originals[i], originals[j]) > 0.25


def test_a_part_is_the_same_when_the_shorter_lies_inside(audio: Studio, songs: list[Signal], originals: list[Words]) -> None:
    inside = _of(audio.wav("inside.wav", songs[0][5 * RATE : 15 * RATE], rate=RATE))
    assert same_recording(inside, originals[0])
    half = _of(audio.wav("half.wav", np.concatenate([songs[0][10 * RATE :], songs[1][: 10 * RATE]]), rate=RATE))
    assert not same_recording(half, originals[0])


@pytest.mark.parametrize("seconds", [1.0, 2.0, 3.0, 6.0])
def test_short_clips_are_told_apart(audio: Studio, songs: list[Signal], seconds: float) -> None:
    cuts = [signal[3 * RATE : round((3 + seconds) * RATE)] for signal in songs]
    first = [_of(audio.wav(f"{i}.wav", cut, rate=RATE)) for i, cut in enumerate(cuts)]
    again = [_of(audio.encode(f"{i}.mp3", cut, "-b:a", "64k", rate=RATE)) for i, cut in enumerate(cuts)]
    for i in SONGS:
        assert len(keys(first[i])) > 0
        assert len(np.intersect1d(keys(first[i]), probes(again[i]))) > 0
        for j in SONGS:
            assert same_recording(first[i], again[j]) == (i == j)


def test_sounds_without_a_tune_do_not_all_collide(audio: Studio) -> None:
    plain = {
        "low": tone(10.0, 220.0),
        "high": tone(10.0, 1000.0),
        "longer": tone(12.0, 220.0),
        "click": np.concatenate([silence(9.0), noise(0.02), silence(1.0)]),
        "hiss": noise(10.0, level=0.0005),
    }
    found = {name: _of(audio.wav(f"{name}.wav", signal)) for name, signal in plain.items()}
    for name, words in found.items():
        assert same_recording(words, _of(audio.encode(f"{name}.flac", plain[name])))
        assert sum(same_recording(words, other) for other in found.values()) == 1


def test_nothing_is_like_nothing() -> None:
    empty = np.empty(0, dtype=np.uint32)
    assert len(keys(empty)) == 0
    assert len(probes(empty)) == 0
    assert not same_recording(empty, empty)
    assert not same_recording(empty, _words(0, 50))
    assert bit_error(empty, _words(0, 50)) == 1.0


@given(st.integers(0, 2**32 - 1), st.integers(1, 600))
@settings(deadline=None)
def test_keys_are_few_sorted_and_among_the_probes(seed: int, length: int) -> None:
    words = _words(seed, length)
    chosen, asked = keys(words), probes(words)
    assert chosen.dtype == asked.dtype == np.int64
    assert 1 <= len(chosen) <= max(length // 4, 72)  # 48 are expected of a short one, give or take
    assert (np.diff(chosen) > 0).all()
    assert np.isin(chosen, asked).all()
    np.testing.assert_array_equal(chosen, keys(words))


@given(st.lists(st.sampled_from([0, 1, 2**32 - 1, 627964279]), max_size=80), st.lists(st.integers(0, 2**32 - 1), max_size=80))
@settings(deadline=None)
def test_any_words_can_be_compared(first: list[int], second: list[int]) -> None:
    a, b = np.array(first, dtype=np.uint32), np.array(second, dtype=np.uint32)
    assert same_recording(a, b) == same_recording(b, a)
    assert same_recording(a, a) == bool(first)
    assert same_recording(b, b) == bool(second)
    assert 0.0 <= bit_error(a, b) <= 1.0


@given(st.integers(0, 1000), st.integers(120, 400), st.floats(0.0, 0.15), st.integers(0, 20))
@settings(deadline=None, max_examples=30)
def test_flipped_bits_and_a_shift_are_forgiven(seed: int, length: int, share: float, shift: int) -> None:
    words = _words(seed, length)
    assert same_recording(words, _flipped(words, share)[shift:])
    assert not same_recording(words, _words(seed + 5000, length))


def test_cuts_of_one_recording_choose_mostly_the_same_keys() -> None:
    words = _words(1, 2000)
    whole, part = keys(words), keys(words[501:1501])
    assert len(np.intersect1d(whole, part)) > 0.9 * len(part)
    assert len(whole) < 2000 / 6


def test_hours_are_aligned_without_comparing_all_with_all() -> None:
    day = _words(2, 100_000)
    assert same_recording(day, _flipped(day, 0.1)[1_000:])
    assert same_recording(day[50_001:50_300], day)
    assert not same_recording(day, _words(3, 100_000))


def test_real_songs_twice_in_the_data_are_found(shared_data: Path) -> None:
    clips = shared_data / "mirex" / "clips"
    for first, second in (("601", "692"), ("137", "167")):
        a, b = _of(clips / f"{first}.opus"), _of(clips / f"{second}.opus")
        assert same_recording(a, b)
        assert len(np.intersect1d(keys(a), probes(b))) >= 5
    assert not same_recording(a, _of(clips / "601.opus"))
