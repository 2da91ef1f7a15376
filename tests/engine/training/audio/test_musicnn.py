"""The short cuts of the frozen network against the plain way."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from engine.audio.mel import N_MELS
from engine.training.audio.musicnn import N_POOLED, N_TAGS, PATCH_FRAMES, MusiCNN
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
