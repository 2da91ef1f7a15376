"""The catalogue's schema: one numbered module a step, applied in order of their names.

A step is a module ``m<number>_<what>.py`` with one function decorated by ``schema``. Steps that were released are never edited; a change
is a new step. Each runs inside the one transaction that brings the file up to date, so nothing here may commit, vacuum or change a pragma.
"""

from __future__ import annotations

import importlib
import pkgutil

from migrations.registry import schema

STEPS = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name[:1] == "m" and module.name[1:5].isdigit()))
for _step in STEPS:
    importlib.import_module(f"{__name__}.{_step}")

__all__ = ["STEPS", "schema"]
