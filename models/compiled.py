"""How functions of loops are compiled: without the interpreter's lock, and once a machine."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import njit
from numba.core.caching import UserProvidedCacheLocator

ROOT, PACKAGES = Path(__file__).parents[1], ("jobs", "models")


def _cache_folder() -> str:
    """Where compiled code lives: the user's cache, else a temporary folder.

    What is loaded from there runs, so it must be a folder of our own.
    """
    user_cache = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111
    for root in (user_cache / "nocturne", Path(tempfile.gettempdir()) / f"nocturne-{os.getuid()}"):
        with contextlib.suppress(OSError):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = root / "numba"
            folder.mkdir(parents=True, exist_ok=True)
            if root.stat().st_uid == os.getuid() and os.access(folder, os.W_OK):
                return str(folder)
    return tempfile.mkdtemp(prefix="nocturne-")


class CacheOfSource(UserProvidedCacheLocator):
    """Keeps machine code by what it is compiled from, wherever that lies: a second clone or environment
    compiles nothing. Numba itself keeps it by the path of the source; that what is loaded fits the
    source, numba and the processor it checks in both cases.
    """

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Any:
        """Return a locator for functions of our packages, None for those of others."""
        ours = any(ROOT / package in Path(py_file).parents for package in PACKAGES)
        return super().from_function(py_func, py_file) if ours else None

    @classmethod
    def get_suitable_cache_subpath(cls, py_file: str) -> str:
        """Return a folder for this state of the function's room."""
        room = Path(py_file).parent
        return f"{room.name}-{_state(room)}"


@cache
def _state(room: Path) -> str:
    """Hash all modules of a folder: numba does not notice that an imported one changed."""
    sources = b"".join(path.read_bytes() for path in sorted(room.glob("*.py")))
    return hashlib.sha256(sources).hexdigest()[:12]


# The package itself may be installed read-only, where numba would cache beside the source.
numba.config.CACHE_DIR = os.environ.get("NUMBA_CACHE_DIR") or _cache_folder()
numba.config.CACHE_LOCATOR_CLASSES = ", ".join(
    (f"{__name__}.{CacheOfSource.__name__}", "UserProvidedCacheLocator", "UserWideCacheLocator")
)
compiled = njit(nogil=True, cache=True, error_model="numpy")
