"""Encoders are loaded when they are first needed, once, by whichever thread asks."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

from engine.encoders import text as text_module
from engine.errors import ModelError
from engine.models import Models, audio_version, device_name
from engine.settings import CHECKOUT, Settings


def test_nothing_is_loaded_before_it_is_needed() -> None:
    program = "import sys; from engine.models import Models, Settings; Models(Settings()); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=CHECKOUT, check=True)
    assert done.stdout.strip() == "False"


def test_every_thread_gets_the_same_encoders(models: Models) -> None:
    found: list[tuple[int, int]] = []
    threads = [threading.Thread(target=lambda: found.append((id(models.message()), id(models.emoji())))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_model_that_failed_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Models(Settings())

    def broken(_: object) -> None:
        raise ModelError("the weights are damaged", "restore them")

    with monkeypatch.context() as patched:
        patched.setattr(text_module, "load_text_encoder", broken)
        with pytest.raises(ModelError):
            fresh.text()
    assert fresh.text().version


def test_the_device_is_said_once() -> None:
    said: list[str] = []
    fresh = Models(Settings(device="cpu"), said.append)
    assert fresh.audio().version == audio_version()
    fresh.audio()
    assert said == [f"Audio is scored on {device_name('cpu')}."]


def test_meanings_are_unit_vectors_in_the_order_asked(models: Models) -> None:
    texts = ["calmer please", "a much longer sentence about the weather in the mountains", "x"]
    vectors = models._embed(texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        np.testing.assert_allclose(models._embed([text])[0], vector, atol=1e-4)
