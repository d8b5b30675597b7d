"""A store in an S3 bucket."""

from jobs.settings import S3Settings
from jobs.store.folder import FolderStore


class S3Store(FolderStore):
    """Objects below ``s3://bucket/prefix``."""

    def __init__(self, root: str, s3: S3Settings, n_threads: int) -> None:
        raise NotImplementedError
