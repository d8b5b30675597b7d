"""One adapter a log format. To add one: write its module, and name it here."""

from collections.abc import Iterable

from jobs.ingest.faults import FileFault
from jobs.ingest.landing import LandedFile
from jobs.ingest.sources.item_sessions import ITEM_SESSIONS
from jobs.ingest.sources.lastfm import LASTFM, LASTFM_JSON
from jobs.ingest.sources.listenbrainz import LISTENBRAINZ
from jobs.ingest.sources.skip_sessions import SKIP_SESSIONS
from jobs.ingest.sources.source import Source
from jobs.ingest.sources.spotify import SPOTIFY, SPOTIFY_ACCOUNT
from jobs.ingest.sources.spotify_answers import SPOTIFY_FEATURES
from jobs.ingest.sources.triplets import TRIPLETS

SOURCES: tuple[Source, ...] = (
    SPOTIFY, SPOTIFY_ACCOUNT, LISTENBRAINZ, *LASTFM, LASTFM_JSON, *SKIP_SESSIONS, ITEM_SESSIONS,
    SPOTIFY_FEATURES, *TRIPLETS,
)  # fmt: skip
NATIVE = "native"


def pick(file: LandedFile, columns: Iterable[str], configured: str | None = None) -> Source | None:
    """The adapter of a file with these columns; None for the native contract.

    ``configured`` names one, whatever the file looks like; FileFault if it cannot be that one.
    """
    found = set(columns)
    fitting = [source for source in SOURCES if source.kind == file.kind and source.columns <= found]
    if configured is None:
        return fitting[0] if fitting else None
    if configured == NATIVE:
        return None
    named = [source for source in fitting if source.name == configured]
    if not named:
        raise FileFault(
            "not of its source", f"the columns {', '.join(sorted(found))[:200]} are not {configured}'s"
        )
    return named[0]
