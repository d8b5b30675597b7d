"""Reads the playlists that Nocturne publishes: ``latest(root).for_user(user_id)``.

``root`` is the folder, or ``s3://bucket/prefix``, that Nocturne publishes to. Python's own library is
enough for a folder; S3 takes boto3.
"""

from nocturne_reader.nights import Night, history, latest, new_tonight, nights
from nocturne_reader.roots import DamagedError, NotPublishedError

__all__ = ["DamagedError", "Night", "NotPublishedError", "history", "latest", "new_tonight", "nights"]
