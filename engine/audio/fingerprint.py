"""Recognises a recording by its Chromaprint fingerprint: a few keys to look it up by, and the comparison that settles it.

A raw fingerprint is one 32-bit word every 0.124 s, each saying how the chroma of 2.6 s of audio changes over time and pitch. Transcoding
flips a few of its bits; two different recordings agree in about half of them. :func:`keys` are stored in an inverted index, :func:`probes`
are looked up there, and :func:`same_recording` compares the few recordings found, so that an import never compares pairwise.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]

#: Seconds from one word to the next: Chromaprint's frames of 4096 samples at 11,025 Hz, two thirds overlapping.
WORD_S = 1365.0 / 11_025.0
#: Words that the audio of a single word would fill: 16 frames of features and 4 of smoothing lie under each.
_SPAN = 20

#: Two files are the same recording when they agree over this share of the shorter.
MIN_OVERLAP = 0.8
#: Mean share of differing bits up to which the overlap agrees. Measured on the clips of DEAM, 4Q and MIREX-like: transcodes down to opus
#: at 12 kbit/s and cuts half a word apart stay below 0.13, other masterings of one recording reach 0.18; different songs of 30 s start at
#: 0.23, but those of 10 s at 0.19, so that a short overlap must agree better.
MAX_BIT_ERROR = 0.20
MAX_BIT_ERROR_SHORT = 0.13
#: Different words below which an overlap is short.
_SHORT_WORDS = 100
#: The same over any two seconds; a stretch beyond it counts as another recording's.
MAX_LOCAL_ERROR = 0.35
_LOCAL_WORDS = 16

#: The 24 bits of a word that make a key: those left out flip most often in transcodes (6 to 10 % at 12 to 32 kbit/s). Without them three
#: times as many keys survive, and unrelated keys still agree by chance in only 1 of 800,000 cases.
KEY_MASK = np.uint32(0xFFFFFFFF & ~sum(1 << bit for bit in (0, 4, 8, 10, 12, 13, 16, 24)))
#: One key is stored of every so many words, or more of a short recording.
_WINDOW = 16
_LEAST_KEYS = 24

#: Fewer different words than this, or than this share of all, and the audio is a tone, a beep or next to silence: all such files look alike
#: to Chromaprint, so that only an equal fingerprint counts as the same.
_LEAST_DISTINCT = 8
_DISTINCT_SHARE = 0.2

#: Bit comparisons of a word pair that are worth their time; longer recordings are aligned on a sample of their words first.
_COARSE_PAIRS = 1 << 21
_BLOCK_PAIRS = 1 << 22


def keys(fingerprint: Words) -> NDArray[np.int64]:
    """The few words to store for a recording.

    The least of each window of words in a fixed pseudo-random order is taken (winnowing, Schleimer et al. 2003), so that two cuts of one
    recording choose mostly the same words wherever they begin.

    Args:
        fingerprint: (f,) uint32.

    Returns:
        (k,) int64, ascending, different from each other; empty only for an empty fingerprint. About one for eight words.
    """
    words = _core(fingerprint)
    if _is_plain(words):
        return _whole_key(fingerprint)
    masked = words & KEY_MASK
    size = int(np.clip(len(masked) // _LEAST_KEYS, 1, _WINDOW))
    windows = np.lib.stride_tricks.sliding_window_view(_shuffled(masked), size)
    chosen = np.arange(len(windows)) + windows.argmin(axis=1)
    return np.unique(masked[chosen]).astype(np.int64)


def probes(fingerprint: Words) -> NDArray[np.int64]:
    """All words to look a recording up by, against the stored :func:`keys` of others.

    Looking up every word instead of the few chosen ones makes a hit depend on that one word surviving a transcode, not on its neighbours.

    Returns:
        (k,) int64, ascending, different from each other; they include the recording's own keys.
    """
    words = _core(fingerprint)
    return _whole_key(fingerprint) if _is_plain(words) else np.unique(words & KEY_MASK).astype(np.int64)


def same_recording(a: Words, b: Words) -> bool:
    """Whether two fingerprints are of one recording: somewhere they agree over 80 % of the shorter or more.

    Args:
        a: (f,) uint32.
        b: (g,) uint32.
    """
    short, long = sorted((_core(a), _core(b)), key=len)
    if _is_plain(short) or _is_plain(long):
        return bool(len(a) and np.array_equal(a, b))
    needed = _needed(len(short))
    offset = _alignment(short, long, needed)
    errors = _errors(short, long, offset)
    agreeing = _moving_mean(errors, _LOCAL_WORDS) <= MAX_LOCAL_ERROR
    if agreeing.sum() < needed:
        return False
    distinct = len(np.unique(short[max(0, -offset) :][: len(errors)][agreeing]))
    return bool(errors[agreeing].mean() <= (MAX_BIT_ERROR if distinct >= _SHORT_WORDS else MAX_BIT_ERROR_SHORT))


def bit_error(a: Words, b: Words) -> float:
    """The least mean share of differing bits, in [0, 1], over all alignments in which 80 % of the shorter overlap; 1 when one is empty."""
    short, long = sorted((_core(a), _core(b)), key=len)
    if not len(short):
        return 1.0
    return float(_errors(short, long, _alignment(short, long, _needed(len(short)))).mean())


def _core(fingerprint: Words) -> Words:
    """The words without the runs of one word at both ends: silence there, put there by a padded file or by us, says nothing."""
    changes = np.flatnonzero(fingerprint[1:] != fingerprint[:-1])
    return fingerprint[changes[0] : changes[-1] + 2] if len(changes) else fingerprint[:1]


def _is_plain(words: Words) -> bool:
    """Too few different words to know a recording by."""
    distinct = len(np.unique(words))
    return distinct < max(_LEAST_DISTINCT, _DISTINCT_SHARE * len(words))


def _needed(words: int) -> int:
    """Words that must overlap so that 80 % of the time of so many words does."""
    return max(1, int(np.ceil(MIN_OVERLAP * (words + _SPAN) - _SPAN)))


def _alignment(short: Words, long: Words, needed: int) -> int:
    """The position in ``long`` of the first word of ``short`` at which the overlap, of ``needed`` words or more, differs least."""
    first, last = needed - len(short), len(long) - needed
    offsets = np.arange(first, last + 1)
    step = max(1, len(offsets) * len(short) // _COARSE_PAIRS)
    if step > 1:  # neighbouring words are alike, so every other offset and a sample of words find the place
        coarse = offsets[::2]
        sampled = np.arange(0, len(short), max(1, len(coarse) * len(short) // _COARSE_PAIRS))
        best = coarse[np.argsort(_mean_errors(short, long, coarse, sampled))[:3]]
        offsets = np.unique(np.clip((best[:, None] + np.arange(-2, 3)).ravel(), first, last))
    return int(offsets[np.argmin(_mean_errors(short, long, offsets, np.arange(len(short))))])


def _mean_errors(short: Words, long: Words, offsets: NDArray[np.int64], sampled: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) mean share of differing bits of the ``sampled`` words of ``short`` at each of n offsets."""
    means = []
    for block in np.array_split(offsets, max(1, len(offsets) * len(sampled) // _BLOCK_PAIRS)):
        positions = block[:, None] + sampled
        inside = (positions >= 0) & (positions < len(long))
        flips = np.bitwise_count(short[sampled] ^ long[np.clip(positions, 0, len(long) - 1)])
        count = inside.sum(axis=1)
        means.append(np.where(count > 0, (flips * inside).sum(axis=1) / np.maximum(32.0 * count, 1.0), 1.0))
    return np.concatenate(means)


def _errors(short: Words, long: Words, offset: int) -> NDArray[np.float64]:
    """(n,) share of differing bits of each overlapping pair of words."""
    start, end = max(0, offset), min(len(long), offset + len(short))
    return np.asarray(np.bitwise_count(short[start - offset : end - offset] ^ long[start:end]) / 32.0)


def _moving_mean(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """(n,) means over ``width`` neighbours of each value, over fewer at the ends."""
    window = np.ones(min(width, len(values)))
    return np.convolve(values, window, mode="same") / np.convolve(np.ones(len(values)), window, mode="same")


def _whole_key(fingerprint: Words) -> NDArray[np.int64]:
    """One key of the fingerprint as a whole, beyond the range of words; none of an empty one."""
    if not len(fingerprint):
        return np.empty(0, dtype=np.int64)
    digest = hashlib.blake2b(np.ascontiguousarray(fingerprint, dtype="<u4").tobytes(), digest_size=4).digest()
    return np.array([(1 << 32) + int.from_bytes(digest, "little")], dtype=np.int64)


def _shuffled(words: Words) -> Words:
    """A fixed pseudo-random order of words: the finaliser of MurmurHash3 (Appleby), a bijection of 32-bit numbers."""
    mixed = words.copy()
    mixed ^= mixed >> np.uint32(16)
    mixed *= np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    return mixed ^ (mixed >> np.uint32(16))
