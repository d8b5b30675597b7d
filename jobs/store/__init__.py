"""Object storage: one small interface, a local folder and S3 behind it.

Keys are ``/``-separated and relative to the store's root. Callers encode what they put in a key.
"""

from jobs.settings import Settings, is_s3
from jobs.store.objects import ConflictError, ObjectStore

__all__ = ["ConflictError", "ObjectStore", "open_store"]


def open_store(settings: Settings) -> ObjectStore:
    """Return the store that ``settings.store.root`` names."""
    if is_s3(settings.store.root):
        from jobs.store.s3 import S3Store

        return S3Store(settings.store.root, settings.s3, settings.store.n_threads)
    from jobs.store.folder import FolderStore

    return FolderStore(settings.store.root)
