"""Monotone maps that bring text, emoji and audio onto one scale before anything is compared. Pure apart from reading and writing its JSON.

Raw regressors disagree about the scale: text runs to the corners, audio huddles in the middle, and nearest neighbour then hands the same
few extreme songs to everybody. Each axis of each modality is therefore mapped by a monotone piecewise-linear function onto a common
reference distribution, and the emoji part gets a temperature and a prior. The map belongs to the model version it was fitted for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from engine.affect import AXES, N_EMOJI, Affect, FloatArray, normalised
from engine.errors import ModelError


@dataclass(frozen=True)
class AxisMap:
    """A monotone piecewise-linear map of one axis.

    Attributes:
        x: knots in the raw scale, strictly increasing.
        y: knots in the common scale [0, 1], non-decreasing, as many as ``x``. Outside the knots the map is flat.
    """

    x: tuple[float, ...] = (0.0, 1.0)
    y: tuple[float, ...] = (0.0, 1.0)

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y) or len(self.x) < 2:
            raise ValueError("a map needs two knots or more, as many x as y")
        if (np.diff(self.x) <= 0).any() or (np.diff(self.y) < 0).any():
            raise ValueError("x must be strictly increasing and y non-decreasing")

    def __call__(self, values: ArrayLike) -> FloatArray:
        """Map raw values of any shape to float32 in [y[0], y[-1]]."""
        return np.asarray(np.interp(np.asarray(values, dtype=np.float64), self.x, self.y), dtype=np.float32)


@dataclass(frozen=True)
class ModalityMap:
    """The map of one modality: three axes, and temperature and prior of the emoji part.

    The calibrated emoji probability is proportional to (p / own_prior ** prior_power) ** (1 / temperature).
    """

    axes: tuple[AxisMap, AxisMap, AxisMap] = (AxisMap(), AxisMap(), AxisMap())
    temperature: float = 1.0
    own_prior: FloatArray = field(default_factory=lambda: np.full(N_EMOJI, 1.0 / N_EMOJI, dtype=np.float32))
    prior_power: float = 0.0

    def vad(self, raw: ArrayLike) -> FloatArray:
        """(…, 3) raw VAD → (…, 3) float32 on the common scale."""
        values = np.asarray(raw)
        return np.stack([m(values[..., i]) for i, m in enumerate(self.axes)], axis=-1)

    def emoji(self, raw: ArrayLike) -> FloatArray:
        """(…, 62) raw probabilities → (…, 62) float32 on the simplex."""
        logits = np.log(np.clip(np.asarray(raw, dtype=np.float64), 1e-9, None)) - self.prior_power * np.log(self.own_prior)
        logits /= self.temperature
        p = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return np.asarray(p / p.sum(axis=-1, keepdims=True), dtype=np.float32)

    def __call__(self, raw: Affect) -> Affect:
        return Affect(self.vad(raw.vad), normalised(self.emoji(raw.emoji)))


IDENTITY = ModalityMap()


def quantile_map(sample: ArrayLike, reference: ArrayLike, knots: int = 33) -> AxisMap:
    """The monotone map that takes the distribution of ``sample`` (n,) to that of ``reference`` (m,), by matching quantiles.

    The end knots are stretched to 0 and 1 so that no input is flattened before the edge of the cube.
    """
    q = np.linspace(0.0, 1.0, knots)
    x = np.quantile(np.asarray(sample, dtype=np.float64), q)
    y = np.quantile(np.asarray(reference, dtype=np.float64), q)
    x[0], x[-1] = min(x[0], 0.0), max(x[-1], 1.0)
    keep = np.concatenate([[True], np.diff(x) > 1e-6])
    return AxisMap(tuple(float(v) for v in x[keep]), tuple(float(v) for v in np.maximum.accumulate(y[keep])))


def save_maps(maps: Mapping[str, ModalityMap], path: Path) -> None:
    """Write the maps of the modalities as JSON."""
    document = {
        name: {
            "axes": {axis: {"x": m.x, "y": m.y} for axis, m in zip(AXES, modality.axes, strict=True)},
            "temperature": modality.temperature,
            "own_prior": [round(float(p), 6) for p in modality.own_prior],
            "prior_power": modality.prior_power,
        }
        for name, modality in maps.items()
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def load_maps(path: Path) -> dict[str, ModalityMap]:
    """Read what :func:`save_maps` wrote.

    Raises:
        ModelError: when the file is missing or damaged.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: ModalityMap(
                axes=tuple(AxisMap(tuple(entry["axes"][a]["x"]), tuple(entry["axes"][a]["y"])) for a in AXES),  # type: ignore[arg-type]  # three axes
                temperature=float(entry["temperature"]),
                own_prior=np.asarray(entry["own_prior"], dtype=np.float32),
                prior_power=float(entry["prior_power"]),
            )
            for name, entry in document.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"the calibration {path.name} cannot be read ({error})", "reinstall Emojuke or restore the file") from error
