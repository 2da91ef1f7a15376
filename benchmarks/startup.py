"""How long a member of the command line waits: a whole `emojuke search` in a fresh process, beside one that only imports torch."""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, result
from benchmarks.process import run

QUERY = "rainy sunday, missing her 🌧️"
_SEARCH = ("-m", "engine.cli", "search", QUERY, "--json")


def measure(quick: bool = False) -> dict[str, Any]:
    """Wall time of whole processes; the first search also fills the catalogue and builds the index, so it is shown apart.

    Later runs alternate with the floor, so that both meet the same machine.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        first, output = run(_SEARCH, home)
        if not json.loads(output)["matches"]:
            raise RuntimeError("the search found no songs, so there is nothing to time")
        searches, imports = [], []
        for _ in range(2 if quick else 7):
            imports.append(run(("-c", "import torch"), home)[0])
            searches.append(run(_SEARCH, home)[0])
    floor = statistics.median(imports)
    figures = [
        Figure("`emojuke search`, median", statistics.median(searches), "s", "import torch", floor, bound=6.0),
        Figure("`emojuke search`, slowest", max(searches), "s", "import torch", floor, bound=6.0),
        Figure("the very first one, catalogue and index made", first, "s", "import torch", floor),
    ]
    return result(figures, searches_s=searches, imports_s=imports)
