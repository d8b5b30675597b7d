"""How the kernel's functions are compiled: without the interpreter's lock, once, kept on disk."""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

import numba
from numba import njit


def _cache_folder() -> str:
    """Where compiled code lives: the user's cache, else a temporary folder.

    A folder for each state of this package: numba does not notice that an imported module changed.
    What is loaded from there runs, so it must be a folder of our own.
    """
    sources = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    state = hashlib.sha256(sources).hexdigest()[:12]
    user_cache = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111
    for root in (user_cache / "nocturne", Path(tempfile.gettempdir()) / f"nocturne-{os.getuid()}"):
        with contextlib.suppress(OSError):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = root / "numba" / state
            folder.mkdir(parents=True, exist_ok=True)
            if root.stat().st_uid == os.getuid() and os.access(folder, os.W_OK):
                return str(folder)
    return tempfile.mkdtemp(prefix="nocturne-")


# The package itself may be installed read-only, where numba would cache beside the source.
numba.config.CACHE_DIR = os.environ.get("NUMBA_CACHE_DIR") or _cache_folder()
compiled = njit(nogil=True, cache=True, error_model="numpy")
