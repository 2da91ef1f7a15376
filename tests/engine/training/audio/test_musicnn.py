"""The short cuts of the frozen network against the plain way."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from engine.audio.mel import N_MELS
from engine.encoders import audio_net
from engine.encoders.audio_net import WINDOW_FRAMES
from engine.training.audio.musicnn import N_POOLED, N_TAGS, PATCH_FRAMES, MusiCNN, live_trunk
from engine.training.audio.teacher import patch_starts


def _untrained() -> MusiCNN:
    torch.manual_seed(0)
    model = MusiCNN()
    for module in model.modules():
        if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            torch.nn.init.normal_(module.weight)
            torch.nn.init.normal_(module.bias)
    return model.eval()


@torch.no_grad()
@pytest.mark.parametrize(("bank", "padding"), [("timbral", (0, 0, 3, 3)), ("temporal", (0, 0, 63, 64))])
def test_the_maximum_before_the_normalisation_is_the_one_after_it(bank: str, padding: tuple[int, ...]) -> None:
    model = _untrained()
    block = getattr(model, bank)[0]
    x = torch.randn(2, 1, 50, N_MELS)
    plain = torch.amax(block.norm(torch.relu(block.conv(F.pad(x, padding)))), dim=3)
    torch.testing.assert_close(block(x), plain, atol=1e-4, rtol=1e-4)


def _with_dead_filters() -> MusiCNN:
    """Random but for the filters the shipped trunk leaves out, which are zero in the published checkpoint."""
    model = _untrained()
    for bank, (live, *_) in zip([*model.timbral, *model.temporal], audio_net.BANKS, strict=True):
        alive = torch.randperm(len(bank.conv.weight))[:live]
        mask = torch.zeros(len(bank.conv.weight), 1, 1, 1)
        mask[alive] = 1
        bank.conv.weight.data *= mask
    return model


@torch.no_grad()
@pytest.mark.parametrize("frames", [WINDOW_FRAMES, PATCH_FRAMES])
def test_the_shipped_trunk_is_the_whole_network_without_its_dead_filters(frames: int) -> None:
    model = _with_dead_filters()
    windows = 5 * torch.rand(2, frames, N_MELS)
    found = model(windows / math.log(10.0))
    shipped = live_trunk(model)(windows)
    torch.testing.assert_close(shipped[:, audio_net.POOLED :], found.hidden, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(shipped[:, audio_net.FRONT : audio_net.POOLED], found.mean[:, -3 * audio_net.MIDDLE :], atol=1e-3, rtol=1e-3)


def test_a_network_with_other_filters_alive_is_refused() -> None:
    with pytest.raises(ValueError, match="filters live"):
        live_trunk(_untrained())


@torch.no_grad()
def test_shapes_of_a_patch() -> None:
    found = _untrained()(torch.rand(2, PATCH_FRAMES, N_MELS))
    assert [tuple(part.shape) for part in found] == [(2, N_POOLED), (2, N_POOLED), (2, 200), (2, N_TAGS)]


@pytest.mark.parametrize(("frames", "count"), [(10, 1), (187, 1), (626, 3), (1876, 10)])
def test_patches_are_spread_over_the_clip(frames: int, count: int) -> None:
    starts = patch_starts(frames)
    assert len(starts) == count
    assert starts[0] == 0
    assert starts[-1] == (max(0, frames - PATCH_FRAMES) if count > 1 else 0)
