"""The audio encoder: waveforms of segments → raw affect, embedding and uncertainty. Runs on CUDA (bf16) when there, else on the CPU."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from engine.affect import Affect, FloatArray, normalised
from engine.audio.mel import SAMPLE_RATE, LogMel, frame_count
from engine.calibration import IDENTITY, ModalityMap
from engine.encoders import weights_io
from engine.encoders.audio_net import AudioNet
from engine.encoders.base import AudioScore
from engine.errors import ModelError

#: The weights, by their path in the manifest.
WEIGHTS_FILE = "audio/model.safetensors"
_MEND = "reinstall Emojuke or restore the file"
#: Longest segment, with a little room for resampling.
MAX_SEGMENT_S = 15.5
#: Shorter segments are continued by silence up to this.
_LEAST_SAMPLES = 8_000
#: Segments that go through the network at once; more only spill the processor's caches.
_BATCH = {"cpu": 4, "cuda": 256}


class ConvAudioEncoder:
    """The shipped :class:`engine.encoders.base.AudioEncoder`.

    Attributes:
        version: changes with the weights.
        sample_rate: 16,000 Hz.
        device: where the network runs, "cpu" or "cuda".
    """

    sample_rate = SAMPLE_RATE

    def __init__(self, net: AudioNet, version: str, device: str = "cpu", calibration: ModalityMap = IDENTITY) -> None:
        self.version = version
        self.device = device
        self._calibration = calibration
        self._mel = LogMel().to(device)
        self._net = net.eval().to(device)
        # The heads and the pooling are tiny and must give one answer wherever they run: they stay in float32 on the CPU.
        self._heads = net if device == "cpu" else _copy_on_cpu(net)

    def score(self, segments: Sequence[FloatArray]) -> AudioScore:
        """Score segments of one or many recordings.

        Args:
            segments: each (samples,) float32 mono at 16 kHz, about [-1, 1], 1 sample to 15 s, of any mixture of lengths.

        Returns:
            One row a segment, in order.

        Raises:
            ValueError: when a segment is empty, too long, not one-dimensional or not finite.
        """
        for segment in segments:
            _check(segment)
        # Segments of one length share a batch without padding; sorting puts them together.
        order = sorted(range(len(segments)), key=lambda i: len(segments[i]))
        size = _BATCH[self.device]
        embedding: NDArray[Any] = np.zeros((len(segments), self._net.embed.out_features), dtype=np.float16)
        for first in range(0, len(order), size):
            batch = order[first : first + size]
            embedding[batch] = self._embed([segments[i] for i in batch])
        return self.heads(embedding)

    @torch.inference_mode()
    def _embed(self, segments: Sequence[FloatArray]) -> NDArray[Any]:
        lengths = [max(len(segment), _LEAST_SAMPLES) for segment in segments]
        waves = np.zeros((len(segments), max(lengths)), dtype=np.float32)
        for row, segment in zip(waves, segments, strict=True):
            row[: len(segment)] = segment
        mel = self._mel(torch.from_numpy(waves).to(self.device))
        frames: Tensor | None = None
        if min(lengths) != max(lengths):
            frames = torch.tensor([frame_count(n) for n in lengths], device=self.device)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda"):
            embedding = self._net(mel, frames)
        return np.asarray(embedding.to(torch.float16).cpu().numpy())

    @torch.inference_mode()
    def heads(self, embedding: NDArray[np.float16]) -> AudioScore:
        """The scores of stored (n, 256) float16 embeddings; exactly those :meth:`score` gave with them."""
        stored: NDArray[Any] = np.ascontiguousarray(embedding, dtype=np.float16)
        x = torch.from_numpy(stored).float()
        vad, emoji, spread = (self._heads.head(name, x).numpy() for name in ("vad", "emoji", "spread"))
        return AudioScore(vad=vad, emoji=emoji, embedding=stored, uncertainty=spread)

    @torch.inference_mode()
    def pool(self, score: AudioScore) -> tuple[FloatArray, FloatArray]:
        """Raw song-level (3,) VAD and (62,) emoji from the segments of one recording: the heads on the attention-weighted mean embedding.

        Raises:
            ValueError: when there are no segments.
        """
        if not len(score.embedding):
            raise ValueError("a song needs at least one segment")
        x = torch.from_numpy(np.ascontiguousarray(score.embedding, dtype=np.float16)).float()
        song = self._heads.song(x)
        return self._heads.head("vad", song).numpy(), self._heads.head("emoji", song).numpy()

    def calibrate(self, vad: FloatArray, emoji: FloatArray) -> list[Affect]:
        """(n, 3) and (n, 62) raw scores → affects on the scale all modalities share."""
        mapped_vad, mapped_emoji = self._calibration.vad(vad), self._calibration.emoji(emoji)
        return [Affect(np.clip(v, 0.0, 1.0), normalised(e)) for v, e in zip(mapped_vad, mapped_emoji, strict=True)]


def load_audio_encoder(device: str = "auto", root: Path = weights_io.WEIGHTS) -> ConvAudioEncoder:
    """The shipped encoder.

    Args:
        device: "cpu", "cuda", or "auto" for CUDA when there is any.
        root: the folder of weights with its manifest.

    Raises:
        ModelError: when the weights are missing, damaged or of another architecture, or CUDA is asked for and there is none.
    """
    net = load_net(weights_io.verified(WEIGHTS_FILE, root))
    calibration = weights_io.shipped_maps(root)["audio"]
    return ConvAudioEncoder(net, weights_io.version_of("audio", [WEIGHTS_FILE], root), chosen_device(device), calibration)


def chosen_device(wish: str) -> str:
    """ "cpu" or "cuda" for "auto", "cpu" or "cuda".

    Raises:
        ModelError: for anything else, and for "cuda" where there is none.
    """
    if wish not in ("auto", "cpu", "cuda"):
        raise ModelError(f"there is no device called {wish!r}", "set EMOJUKE_DEVICE to auto, cpu or cuda")
    there = torch.cuda.is_available()
    if wish == "cuda" and not there:
        raise ModelError("CUDA was asked for but torch finds no GPU", "set EMOJUKE_DEVICE to auto or cpu, or install torch's CUDA build")
    return "cuda" if there and wish != "cpu" else "cpu"


def load_net(path: Path) -> AudioNet:
    """The network of a weights file, in float32.

    Raises:
        ModelError: when the file cannot be read or holds another architecture.
    """
    try:
        with safe_open(path, framework="pt") as file:
            state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - not a dict
            words = json.loads((file.metadata() or {})["moods"])
        net = AudioNet(len(words))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"the audio weights {path.name} cannot be read ({error})", _MEND) from error
    try:
        net.load_state_dict(state)
    except RuntimeError as error:  # it lists every tensor that differs; the whole list stays in the traceback
        raise ModelError(f"the audio weights {path.name} do not fit this version of Emojuke", _MEND) from error
    return net.eval().requires_grad_(False)


def _copy_on_cpu(net: AudioNet) -> AudioNet:
    copy = AudioNet(net.heads["moods"].out_features)  # type: ignore[arg-type] # ModuleDict hides that it is a Linear
    copy.load_state_dict({name: value.cpu() for name, value in net.state_dict().items()})
    return copy.eval().requires_grad_(False)


def _check(segment: FloatArray) -> None:
    if segment.ndim != 1 or not 0 < len(segment) <= MAX_SEGMENT_S * SAMPLE_RATE:
        raise ValueError(f"a segment is (samples,) of up to {MAX_SEGMENT_S} s, not of shape {segment.shape}")
    if not np.isfinite(segment).all():
        raise ValueError("a segment must be finite")
