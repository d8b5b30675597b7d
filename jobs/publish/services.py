"""Addresses of tracks at services whose ids a catalog may have."""

import re

from jobs.settings import TrackIds

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SPOTIFY = re.compile(r"[0-9A-Za-z]{22}")


def track_url(service: TrackIds, track_id: str) -> str | None:
    """Return the track's address at the service whose ids these are; None for an id that is none of it:
    a track that is known by its names alone.

    Recordings of MusicBrainz are UUIDs, tracks of Spotify 22 letters and digits.
    """
    if service == "musicbrainz" and _UUID.fullmatch(track_id):
        return f"https://musicbrainz.org/recording/{track_id.lower()}"
    if service == "spotify" and _SPOTIFY.fullmatch(track_id):
        return f"https://open.spotify.com/track/{track_id}"
    return None
