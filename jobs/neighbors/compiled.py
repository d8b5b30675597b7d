"""How the kernel's functions are compiled: without the interpreter's lock, once, kept on disk."""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

import numba
from numba import njit


def _cache_folder() -> str:
    """Where compiled code lives: the user's cache, or a temporary folder where that is not to be had.

    A folder for each state of this package: numba does not notice that an imported module changed.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111
    sources = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    state = hashlib.sha256(sources).hexdigest()[:12]
    folder = cache / "nocturne" / "numba" / state
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return str(folder)
    return str(Path(tempfile.gettempdir()) / f"nocturne-numba-{os.getuid()}" / state)


# The package itself may be installed read-only, where numba would cache beside the source.
numba.config.CACHE_DIR = os.environ.get("NUMBA_CACHE_DIR") or _cache_folder()
compiled = njit(nogil=True, cache=True, error_model="numpy")
