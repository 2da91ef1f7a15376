import numpy as np

from engine.affect import EMOTIONS, N_EMOJI
from engine.training.emoji.data import PLUTCHIK
from engine.training.emoji.profile import affinity, nrc_valence, vad_of_emotions


def test_one_strong_emotion_is_near_its_reference_point() -> None:
    pure = np.eye(8)
    for name in ("anger", "disgust", "fear", "joy", "surprise"):
        found = vad_of_emotions(pure[[PLUTCHIK.index(name)]])[0]
        assert np.abs(found - EMOTIONS[name]).max() < 0.05, name


def test_no_emotion_is_neutral() -> None:
    assert np.allclose(vad_of_emotions(np.zeros((1, 8)))[0], EMOTIONS["neutral"])


def test_valence_map_is_monotone_and_stays_inside() -> None:
    found = nrc_valence(np.linspace(-1, 1, 101))
    assert (np.diff(found) >= 0).all()
    assert 0 < found[0] < 0.1
    assert found[-1] > 0.9


def test_affinity_is_a_distribution_with_the_emoji_itself_first() -> None:
    rng = np.random.default_rng(0)
    vad, emotions, own = rng.random((80, 3)), rng.random((80, 8)), np.arange(10, 10 + N_EMOJI)
    found = affinity(vad, emotions, own, emotion_width=np.full(80, 0.4))
    assert found.shape == (80, N_EMOJI)
    assert np.allclose(found.sum(axis=1), 1.0, atol=1e-5)
    assert np.allclose(found[own, np.arange(N_EMOJI)], 0.45, atol=1e-6)
    assert (found >= 0).all()


def test_affinity_prefers_what_is_near() -> None:
    vad = np.random.default_rng(1).random((N_EMOJI + 1, 3))
    vad[-1] = vad[7] + 0.01
    emotions = np.zeros((N_EMOJI + 1, 8))
    found = affinity(vad, emotions, np.arange(N_EMOJI), emotion_width=np.full(N_EMOJI + 1, 0.5))
    assert found[-1].argmax() == 7
