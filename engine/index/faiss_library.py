"""FAISS, imported when a large catalogue first needs it: importing it takes longer than searching a small one by plain arithmetic.

torch and FAISS each bring an OpenMP runtime. Both read ``OMP_NUM_THREADS``, which :func:`engine.settings.configure_threads` sets before
either is imported; here nothing is counted again, so that there is one place for it.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType

from engine.errors import ToolError


@cache
def faiss() -> ModuleType:
    """The FAISS module.

    Raises:
        ToolError: when neither faiss-cpu nor faiss-gpu is installed.
    """
    try:
        import faiss as library
    except ImportError as error:
        raise ToolError(
            f"this catalogue is large enough to need FAISS, which cannot be imported ({error})", "install emojuke[cpu] or emojuke[gpu]"
        ) from error
    module: ModuleType = library
    return module
