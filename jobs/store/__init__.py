"""Object storage: one small interface, a local folder and S3 behind it.

Keys are ``/``-separated and relative to the store's root. Callers encode what they put in a key.
"""

from jobs.settings import Settings, is_s3
from jobs.store.objects import ConflictError, ObjectStore

__all__ = ["ConflictError", "ObjectStore", "open_store", "store_at"]


def open_store(settings: Settings) -> ObjectStore:
    """Return the store that ``settings.store.root`` names."""
    return store_at(settings.store.root, settings)


def store_at(root: str, settings: Settings) -> ObjectStore:
    """Return the objects below a root, a folder or ``s3://…``, reached as the settings say."""
    if is_s3(root):
        from jobs.store.s3 import S3Store

        return S3Store(root, settings.s3, settings.store.n_threads)
    from jobs.store.folder import FolderStore

    return FolderStore(root)
