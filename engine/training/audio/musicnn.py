"""MusiCNN (Pons and Serra, 2019) in torch: whole, as the teacher, and without its dead filters, as the trunk that is shipped.

The architecture follows the published description and agrees with a TensorFlow graph of the checkpoint within 1e-4 at every output. Its
weights come from the PyPI package ``musicnn`` (ISC licence), trained on the Million Song Dataset: recordings of the test folds may be among
them. Training reads them from an .npz that holds every variable of the package's MSD_musicnn checkpoint under its TensorFlow name, as
``tf.train.load_checkpoint(...).get_tensor(name)`` gives it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from engine.audio.mel import N_MELS
from engine.encoders.audio_net import Affine, Bank, Trunk

#: Frames of the three-second patches it was trained on.
PATCH_FRAMES = 187
N_TAGS = 50

_TIMBRAL = 204
_TEMPORAL = 51
_MIDEND = 64
_DENSE = 200
#: Channels pooled over time: the front end and three mid-end layers.
N_POOLED = 2 * _TIMBRAL + 3 * _TEMPORAL + 3 * _MIDEND
#: Filters of a smaller norm died under weight decay.
_DEAD = 1e-3
#: TensorFlow's batch normalisation.
_EPSILON = 1e-3


class PatchFeatures(NamedTuple):
    """What MusiCNN says of a batch of patches: (n, 753) mean and max over time, (n, 200) last hidden layer, (n, 50) tag probabilities."""

    mean: Tensor
    maximum: Tensor
    hidden: Tensor
    tags: Tensor


class _Bank(nn.Module):
    """Filters, ReLU and batch normalisation, of which only the strongest position in frequency is kept.

    The network is frozen, so the maximum is taken before the normalisation, which is monotone: increasing or decreasing by the sign of
    its scale. Filters of decreasing channels are therefore turned round: one maximum does for all and saves most of the memory traffic.
    """

    def __init__(self, filters: int, kernel: tuple[int, int]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, filters, kernel)
        self.norm = nn.BatchNorm2d(filters, eps=_EPSILON)

    def _strongest(self, x: Tensor, weight: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """(n, 1, frames, 96) → (n, filters, frames)."""
        sign = torch.where(self.norm.weight >= 0, 1.0, -1.0)
        peak = self._strongest(x, (self.conv.weight * sign[:, None, None, None]).to(x.dtype)).float()
        shape = (1, -1, 1)
        active = torch.relu(peak * sign.view(shape) + _bias(self.conv).view(shape))
        normalised: Tensor = self.norm(active.unsqueeze(3))
        return normalised.squeeze(3)


class _Timbral(_Bank):
    """Tall filters over 7 frames."""

    def __init__(self, height: int) -> None:
        super().__init__(_TIMBRAL, (7, height))
        self.height = height

    def _strongest(self, x: Tensor, weight: Tensor) -> Tensor:
        windows = F.pad(x, (0, 0, 3, 3))[:, 0].unfold(1, 7, 1).transpose(2, 3).contiguous()
        n, frames = windows.shape[:2]
        flat = weight.reshape(len(weight), -1).T.contiguous()
        peak = windows[..., : self.height].reshape(n * frames, -1) @ flat
        for low in range(1, N_MELS - self.height + 1):
            peak = torch.maximum(peak, windows[..., low : low + self.height].reshape(n * frames, -1) @ flat)
        return peak.view(n, frames, -1).transpose(1, 2)


class _Temporal(_Bank):
    """Long filters along time, one band each. Even lengths pad one frame more at the end, as TensorFlow does."""

    def __init__(self, length: int) -> None:
        super().__init__(_TEMPORAL, (length, 1))
        self.padding = ((length - 1) // 2, length // 2)

    def _strongest(self, x: Tensor, weight: Tensor) -> Tensor:
        return torch.amax(F.conv2d(F.pad(x, (0, 0, *self.padding)), weight), dim=3)


class MusiCNN(nn.Module):
    """Log-mel patches → tags and the features before them."""

    def __init__(self, front_dtype: torch.dtype = torch.float32) -> None:
        """``front_dtype``: bfloat16 halves the time of the front end on a CPU that multiplies in it."""
        super().__init__()
        self.front_dtype = front_dtype
        self.norm = nn.BatchNorm2d(1, eps=_EPSILON)
        self.timbral = nn.ModuleList([_Timbral(int(0.4 * N_MELS)), _Timbral(int(0.7 * N_MELS))])
        self.temporal = nn.ModuleList([_Temporal(length) for length in (128, 64, 32)])
        front = 2 * _TIMBRAL + 3 * _TEMPORAL
        self.middle = nn.ModuleList([nn.Conv1d(front if i == 0 else _MIDEND, _MIDEND, 7, padding=3) for i in range(3)])
        self.middle_norms = nn.ModuleList([nn.BatchNorm1d(_MIDEND, eps=_EPSILON) for _ in range(3)])
        self.pool_norm = nn.BatchNorm1d(2 * N_POOLED, eps=_EPSILON)
        self.dense = nn.Linear(2 * N_POOLED, _DENSE)
        self.dense_norm = nn.BatchNorm1d(_DENSE, eps=_EPSILON)
        self.tags = nn.Linear(_DENSE, N_TAGS)

    def forward(self, mel: Tensor) -> PatchFeatures:
        """(n, frames, 96) log10(1 + 10000 * mel) → features; the network was trained on :data:`PATCH_FRAMES` frames."""
        x = self.norm(mel.unsqueeze(1)).to(self.front_dtype)
        front = torch.cat([block(x) for block in (*self.timbral, *self.temporal)], dim=1)
        layers = [front]
        previous = front
        for i, (conv, norm) in enumerate(zip(self.middle, self.middle_norms, strict=True)):
            y = norm(torch.relu(conv(previous)))
            previous = y if i == 0 else y + previous
            layers.append(previous)
        pooled = torch.cat(layers, dim=1)
        mean, maximum = pooled.mean(dim=2), torch.amax(pooled, dim=2)
        flat = torch.stack([maximum, mean], dim=2).flatten(1)
        hidden = self.dense_norm(torch.relu(self.dense(self.pool_norm(flat))))
        return PatchFeatures(mean, maximum, hidden, torch.sigmoid(self.tags(hidden)))


def from_tensorflow(variables: Mapping[str, NDArray[np.float32]], front_dtype: torch.dtype = torch.float32) -> MusiCNN:
    """The network with the variables of the published checkpoint, by their TensorFlow names (``conv2d_1/kernel`` and so on)."""
    model = MusiCNN(front_dtype)
    state: dict[str, Tensor] = {}

    def norm(name: str, suffix: str) -> None:
        pairs = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
        for ours, theirs in pairs.items():
            state[f"{name}.{ours}"] = torch.from_numpy(variables[f"batch_normalization{suffix}/{theirs}"])

    def dense(name: str, theirs: str) -> None:
        state[f"{name}.weight"] = torch.from_numpy(variables[f"{theirs}/kernel"]).T.contiguous()
        state[f"{name}.bias"] = torch.from_numpy(variables[f"{theirs}/bias"])

    norm("norm", "")
    fronts = ["timbral.0", "timbral.1", "temporal.0", "temporal.1", "temporal.2"]
    for i, name in enumerate(fronts):
        suffix = f"_{i}" if i else ""
        state[f"{name}.conv.weight"] = torch.from_numpy(variables[f"conv2d{suffix}/kernel"]).permute(3, 2, 0, 1).contiguous()
        state[f"{name}.conv.bias"] = torch.from_numpy(variables[f"conv2d{suffix}/bias"])
        norm(f"{name}.norm", f"_{i + 1}")
    for i in range(3):
        kernel = torch.from_numpy(variables[f"conv2d_{i + 5}/kernel"])
        state[f"middle.{i}.weight"] = kernel.squeeze(2).permute(2, 1, 0).contiguous()
        state[f"middle.{i}.bias"] = torch.from_numpy(variables[f"conv2d_{i + 5}/bias"])
        norm(f"middle_norms.{i}", f"_{i + 6}")
    norm("pool_norm", "_9")
    norm("dense_norm", "_10")
    dense("dense", "dense")
    dense("tags", "dense_1")
    missing, unexpected = model.load_state_dict(state, strict=False)
    forgotten = [name for name in missing if not name.endswith("num_batches_tracked")]
    if forgotten or unexpected:
        raise ValueError(f"the checkpoint does not fit: {forgotten} missing, {unexpected} unexpected")
    return model.eval()


def _fold(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Gain and shift of a batch normalisation in evaluation mode."""
    if norm.running_mean is None or norm.running_var is None:
        raise ValueError("only a batch normalisation with running statistics can be folded")
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return gain, norm.bias - norm.running_mean * gain


@torch.no_grad()
def live_trunk(model: MusiCNN) -> Trunk:
    """The trunk of the shipped encoder: this network without the filters that died in its training.

    A dead filter says the same everywhere: relu(bias), normalised. What that contributes to the layers above goes into the weights of a
    constant channel and into a bias.

    Raises:
        ValueError: when other numbers of filters live than the trunk has room for.
    """
    trunk = Trunk()
    gain, shift = _fold(model.norm)
    trunk.level.copy_(torch.stack([gain[0] / math.log(10.0), shift[0]]))
    live, constants = [], []
    banks = zip(cast(Iterable[Bank], trunk.banks), cast(Iterable[_Bank], [*model.timbral, *model.temporal]), strict=True)
    for ours, theirs in banks:
        alive = theirs.conv.weight.flatten(1).norm(dim=1) > _DEAD
        if int(alive.sum()) != len(ours.sign):
            raise ValueError(f"{int(alive.sum())} filters live in a bank of {len(ours.sign)}")
        bias = _bias(theirs.conv)
        sign = torch.where(theirs.norm.weight >= 0, 1.0, -1.0)
        ours.weight.copy_((theirs.conv.weight * sign[:, None, None, None])[alive])
        ours.sign.copy_(sign[alive])
        ours.bias.copy_(bias[alive])
        gain, shift = _fold(theirs.norm)
        ours.affine.gain.copy_(gain[alive])
        ours.affine.shift.copy_(shift[alive])
        live.append(alive)
        constants.append(torch.relu(bias) * gain + shift)
    alive = torch.cat(live)
    constant = torch.where(alive, 0.0, torch.cat(constants))
    mine, theirs_middle = cast(Iterable[nn.Conv1d], trunk.middle), cast(Iterable[nn.Conv1d], model.middle)
    norms, affines = cast(Iterable[nn.BatchNorm1d], model.middle_norms), cast(Iterable[Affine], trunk.affines)
    for i, (own, layer, norm, affine) in enumerate(zip(mine, theirs_middle, norms, affines, strict=True)):
        weight = layer.weight
        if i == 0:
            weight = torch.cat([weight[:, alive], torch.einsum("oit,i->ot", weight, constant)[:, None]], dim=1)
        own.weight.copy_(weight)
        _bias(own).copy_(_bias(layer))
        _copy_affine(affine, norm)
    gain, shift = _fold(model.pool_norm)
    weight = (model.dense.weight * gain).view(_DENSE, -1, 2)
    kept = torch.cat([alive, torch.ones(N_POOLED - len(alive), dtype=torch.bool)])
    always = torch.cat([constant, torch.zeros(N_POOLED - len(alive))])
    trunk.last.weight.copy_(torch.cat([weight[:, kept, 0], weight[:, kept, 1]], dim=1))
    trunk.last.bias.copy_(model.dense.bias + model.dense.weight @ shift + weight.sum(dim=2) @ always)
    _copy_affine(trunk.last_affine, model.dense_norm)
    return trunk.eval().requires_grad_(False)


def _bias(layer: nn.Conv1d | nn.Conv2d) -> Tensor:
    if layer.bias is None:
        raise ValueError("a layer of MusiCNN has no bias")
    return layer.bias


def _copy_affine(affine: Affine, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> None:
    gain, shift = _fold(norm)
    affine.gain.copy_(gain)
    affine.shift.copy_(shift)
