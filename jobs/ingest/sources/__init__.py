"""One adapter a log format. To add one: write its module, and name it here."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jobs.ingest.contract import FIELDS, required_fields
from jobs.ingest.faults import FileFault
from jobs.ingest.formats.json_records import no_plays
from jobs.ingest.landing import LandedFile
from jobs.ingest.sources.item_sessions import ITEM_SESSIONS
from jobs.ingest.sources.lastfm import LASTFM, LASTFM_JSON
from jobs.ingest.sources.listenbrainz import LISTENBRAINZ
from jobs.ingest.sources.player_log import PLAYER_LOG
from jobs.ingest.sources.skip_sessions import SKIP_SESSIONS
from jobs.ingest.sources.source import Source
from jobs.ingest.sources.spotify import SPOTIFY, SPOTIFY_ACCOUNT
from jobs.ingest.sources.spotify_answers import SPOTIFY_FEATURES
from jobs.ingest.sources.triplets import TRIPLETS

SOURCES: tuple[Source, ...] = (
    SPOTIFY, SPOTIFY_ACCOUNT, *LISTENBRAINZ, PLAYER_LOG, *LASTFM, *LASTFM_JSON, *SKIP_SESSIONS,
    ITEM_SESSIONS, *SPOTIFY_FEATURES, *TRIPLETS,
)  # fmt: skip
NATIVE = "native"
# Formats whose plays are matched to the catalog by artist and title.
BY_NAME = frozenset(source.name for source in SOURCES if source.named)
# A share of a format's columns from which on it is said to be near.
NEAR = 0.5


def columns_of(kind: str) -> frozenset[str]:
    """Return the columns by which adapters of the kind know their formats."""
    return frozenset().union(*(source.columns for source in SOURCES if source.kind == kind))


def pick(file: LandedFile, columns: Iterable[str], configured: str | None = None) -> Source | None:
    """Return the adapter of a file with these columns; None for the native contract, of which is every
    file that has all of its required columns, whatever else it has.

    ``configured`` names one, whatever the file looks like; FileFault if it cannot be that one.
    """
    found = set(columns)
    fitting = [source for source in SOURCES if source.kind == file.kind and source.columns <= found]
    if configured is None:
        is_native = required_fields(file.kind) <= found
        return fitting[0] if fitting and not is_native else None
    if configured == NATIVE:
        return None
    named = [source for source in fitting if source.name == configured]
    if not named:
        raise _not_of_its_source(file.kind, found, configured)
    return named[0]


def _not_of_its_source(kind: str, columns: set[str], configured: str) -> FileFault:
    names = sorted({source.name for source in SOURCES if source.kind == kind} | {NATIVE})
    if configured not in names:
        return FileFault(
            "unknown source",
            f"NOCTURNE__INGEST__SOURCES calls it {configured!r}, which is no format of {kind}: they are "
            f"{', '.join(names)}",
        )
    known = [source for source in SOURCES if source.kind == kind and source.columns <= columns]
    near = f"they are {known[0].name}'s" if known else nearest(kind, columns)
    return FileFault(
        "not of its source",
        f"NOCTURNE__INGEST__SOURCES calls it {configured}, and its columns "
        f"{', '.join(sorted(columns))[:200]} are not {configured}'s; {near}",
    )


def record_test(kind: str, configured: str | None = None) -> Callable[[Mapping[str, Any]], bool]:
    """Return whether an object has the fields of a record of the kind, in any known format, or in the
    ``configured`` one."""
    formats = [(NATIVE, frozenset(required_fields(kind)))]
    formats += [(source.name, source.columns) for source in SOURCES if source.kind == kind]
    needed = [columns for name, columns in formats if configured in (None, name)]
    return lambda fields: any(columns <= fields.keys() for columns in needed)


# What is told of a file that is near no known format.
REWRITE = {
    "listens": "if these are plays, write them as a CSV with the columns ts (ISO 8601 with a zone, or "
    "seconds since 1970), artist and track, into a folder user=<id>/",
    **{
        kind: f"write it with the columns {', '.join(sorted(required_fields(kind)))}"
        for kind in ("tracks", "audio_features", "feedback")
    },
}
# Exports of services that are not read, by some of their columns.
_FOREIGN = (
    ("Apple Music's play activity", {"Event Start Timestamp", "Play Duration Milliseconds"}),
    ("Apple Music's daily tracks", {"Date Played", "Track Description"}),
    ("YouTube's watch history", {"titleUrl", "time"}),
    ("Tidal's streaming history", {"entry_date", "stream_duration_ms"}),
    ("Deezer's listening history", {"ISRC", "Listening Time"}),
    ("Maloja's export", {"time", "track", "origin"}),
    ("Koito's export", {"listened_at", "track", "artists"}),
)


def _foreign(columns: set[str]) -> str:
    service = next((name for name, known in _FOREIGN if known <= columns), None)
    return f"it looks like {service}, which is not read" if service else "it is near no known format"


def nearest(kind: str, columns: Iterable[str]) -> str:
    """Say which known format is the nearest to these columns, and what they lack of it."""
    found = set(columns)
    if told := no_plays(found):
        return told
    formats = [(NATIVE, name, frozenset(required_fields(name))) for name in FIELDS]
    formats += [(source.name, source.kind, source.columns) for source in SOURCES]
    elsewhere = [one for one in formats if one[2] <= found and one[1] != kind]
    if elsewhere:
        name, other, _ = elsewhere[0]
        return f"it looks like {other} ({name}): lay it into {other}/date=…"
    shares = {one: len(one[2] & found) / len(one[2]) for one in formats if one[1] == kind}
    name, _, wanted = max(shares, key=lambda one: shares[one])
    if shares[name, kind, wanted] < NEAR or any(known <= found for _, known in _FOREIGN):
        return f"{_foreign(found)}: {REWRITE[kind]}; the formats are in docs/ingestion.md"
    near = f"the nearest known format is {name}, which has {', '.join(sorted(wanted))}"
    return f"{near}; {REWRITE[kind]}" if name != NATIVE else near
