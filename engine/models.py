"""The encoders, each loaded when it is first needed; which device scores audio is said when it is known."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.affect import FloatArray
from engine.settings import Settings, configure_threads
from engine.steering import Steering

if TYPE_CHECKING:
    from engine.encoders.audio import ConvAudioEncoder
    from engine.encoders.backbone import Backbone
    from engine.encoders.base import TextEncoder
    from engine.encoders.emoji import TableEmojiEncoder
    from engine.encoders.message import MessageAffect, MessageEncoder
    from engine.scoring import Scorer

_BATCH = 32


class Models:
    """All encoders of a process. Safe to use from several threads; a model that fails to load is tried again at the next call.

    Args:
        settings: device, threads and backbone.
        say: told in one line which device was chosen.
    """

    def __init__(self, settings: Settings, say: Callable[[str], None] | None = None) -> None:
        self._settings, self._say = settings, say or (lambda _: None)
        self._lock = threading.RLock()
        self._text: TextEncoder | None = None
        self._emoji: TableEmojiEncoder | None = None
        self._message: MessageEncoder | None = None
        self._audio: ConvAudioEncoder | None = None
        self._meaning: _Meaning | None = None
        self.steering = Steering(lambda texts: [self.read(text).affect for text in texts], self._embed)
        configure_threads(settings)

    def text(self) -> TextEncoder:
        """The text encoder.

        Raises:
            ModelError: when weights are missing or damaged; so for all of these.
        """
        with self._lock:
            if self._text is None:
                from engine.encoders.text import load_text_encoder

                self._text = load_text_encoder(self._settings)
            return self._text

    def emoji(self) -> TableEmojiEncoder:
        """The emoji encoder."""
        with self._lock:
            if self._emoji is None:
                from engine.encoders.emoji import load_emoji_encoder

                self._emoji = load_emoji_encoder(self.text())
            return self._emoji

    def message(self) -> MessageEncoder:
        """The encoder of whole messages.

        Raises:
            SettingsError: when the operator's own lexicon cannot be read.
        """
        with self._lock:
            if self._message is None:
                from engine.encoders.lexicon import read_lexicon
                from engine.encoders.message import MessageEncoder

                file = self._settings.nrc_lexicon
                self._message = MessageEncoder(self.text(), self.emoji(), read_lexicon(file) if file else None)
            return self._message

    def read(self, message: str) -> MessageAffect:
        """What a message feels like.

        Raises:
            QueryError: when there is no word and no emoji in it.
        """
        return self.message().encode(message)

    def audio(self) -> ConvAudioEncoder:
        """The audio encoder on the device of the settings."""
        with self._lock:
            if self._audio is None:
                from engine.encoders.audio import load_audio_encoder

                self._audio = load_audio_encoder(self._settings.device)
                self._say(f"Audio is scored on {device_name(self._audio.device)}.")
            return self._audio

    def scorer(self) -> Scorer:
        """Decodes and scores files."""
        from engine.scoring import Scorer

        return Scorer(self.audio())

    def _embed(self, texts: Sequence[str]) -> FloatArray:
        with self._lock:
            if self._meaning is None:
                self._meaning = _Meaning()
        return self._meaning(texts)


class _Meaning:
    """The untouched MiniLM: texts → (n, 384) float32 unit vectors."""

    def __init__(self) -> None:
        from engine.encoders.backbone import load_backbone, load_tokenizer

        self._backbone: Backbone = load_backbone()
        self._tokenizer = load_tokenizer()

    def __call__(self, texts: Sequence[str]) -> FloatArray:
        import torch

        from engine.encoders.backbone import pad

        encoded = [item.ids for item in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        vectors = np.empty((len(encoded), self._backbone.shape.width), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(order), _BATCH):
                rows = order[start : start + _BATCH]
                vectors[rows] = self._backbone.pooled(*pad([encoded[i] for i in rows])).numpy()
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), dtype=np.float32)


def audio_version() -> str:
    """The version of the audio encoder, without loading it.

    Raises:
        ModelError: when its weights are not listed.
    """
    from engine.encoders.audio import WEIGHTS_FILE
    from engine.encoders.weights_io import version_of

    return version_of("audio", [WEIGHTS_FILE])


def device_name(device: str) -> str:
    """A device in words: the GPU's name, or the number of threads torch uses on the processor."""
    import torch

    if device.startswith("cuda"):
        return f"{torch.cuda.get_device_name()} ({device}, bf16)"
    return f"the processor ({torch.get_num_threads()} threads)"
