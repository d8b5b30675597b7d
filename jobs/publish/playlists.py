"""One night's playlists, listener by listener, read through delta-rs in bounded pieces."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import DeltaTable

from jobs.domain.landed import AS_LANDED, newest_rows
from jobs.domain.lists import DISCOVER, LISTS, list_of
from jobs.errors import NoInputError
from jobs.lake.arrow import open_table, table_rows
from jobs.lake.catalog import TABLES
from jobs.publish.services import track_url
from jobs.settings import Settings

Row = dict[str, Any]
# What is known of a track beside its place in a list.
FACTS = ("album", "release_date", "duration_ms")
# What its cover is drawn from.
SOUND = ("energy", "valence", "acousticness")
COLUMNS = tuple(column.name for column in TABLES["playlists"].columns_without("as_of", "user_id"))
LISTENERS_A_PIECE = 20_000
# Rows as dicts take ten times the memory of a piece in Arrow: so many at a time.
ROWS_AT_A_TIME = 10_000
_MAKE = "run recommend and gate_playlists for {} first"


@dataclass(frozen=True)
class Playlist:
    """One of a listener's lists of a night; ``rows`` are its tracks by rank."""

    user_id: str
    as_of: date
    name: str
    rows: list[Row]


@dataclass(frozen=True)
class NightPlaylists:
    """The playlists of a night at one version of the table, the same however often read.

    ``files`` are the table's files that hold the night at that version; ``tracks`` is what had landed
    about tracks by the night, a row a track. By schema version 1 there is discover alone.
    """

    settings: Settings
    rows: ds.Dataset
    as_of: date
    version: int
    files: frozenset[str]
    listeners: tuple[str, ...]
    tracks: pa.Table

    def __iter__(self) -> Iterator[Playlist]:
        """Give the lists in the order of user_id, each listener's as ``LISTS`` are; memory grows with a
        piece, not a night."""
        for start in range(0, len(self.listeners), LISTENERS_A_PIECE):
            piece = self.listeners[start : start + LISTENERS_A_PIECE]
            yield from self._by_listener(self._between(piece[0], piece[-1]))

    def of(self, user_id: str) -> dict[str, Playlist]:
        """Return one listener's lists by name."""
        return {one.name: one for one in self._by_listener(self._between(user_id, user_id))}

    def is_current(self) -> bool:
        """Return whether the night still consists of the files that were read: nobody rewrote it."""
        table = open_table(self.settings, "playlists")
        return table is not None and _files_of(table, self.as_of) == self.files

    def _between(self, first: str, last: str) -> pa.Table:
        user = ds.field("user_id")
        wanted = (ds.field("as_of") == self.as_of) & (user >= first) & (user <= last)
        rows = self.rows.to_table(columns=["user_id", *COLUMNS], filter=wanted)
        return rows.join(self.tracks, "track_id", join_type="left outer")

    def _by_listener(self, rows: pa.Table) -> Iterator[Playlist]:
        service, has_others = self.settings.store.track_ids, self.settings.store.schema_version > 1
        ordered = rows.sort_by([("user_id", "ascending"), ("rank", "ascending")])
        dicts = (row for part in ordered.to_batches(ROWS_AT_A_TIME) for row in part.to_pylist())
        for user_id, group in groupby(dicts, itemgetter("user_id")):
            by_name: dict[str, list[Row]] = {name: [] for name in (LISTS if has_others else (DISCOVER,))}
            for row in group:
                by_name.get(list_of(row), []).append(
                    {name: row[name] for name in (*COLUMNS, *FACTS, *SOUND)}
                    | {"url": track_url(service, row["track_id"])}
                )
            for name, found in by_name.items():
                if found:
                    yield Playlist(user_id, self.as_of, name, found)


def open_playlists(settings: Settings, as_of: date) -> NightPlaylists:
    """Open the night's playlists at the table's newest version; NoInputError if there are none."""
    table = open_table(settings, "playlists")
    if table is None:
        raise NoInputError(f"no playlists have passed their gate yet: {_MAKE.format(as_of)}")
    rows = table_rows(settings, "playlists", table.version())
    users = rows.to_table(columns=["user_id"], filter=ds.field("as_of") == as_of)["user_id"]
    if not len(users):
        raise NoInputError(f"no playlists of {as_of} have passed their gate: {_MAKE.format(as_of)}")
    listeners = tuple(sorted(pc.unique(users).to_pylist()))
    files, tracks = _files_of(table, as_of), _track_facts(settings, as_of)
    return NightPlaylists(settings, rows, as_of, table.version(), files, listeners, tracks)


def _files_of(table: DeltaTable, as_of: date) -> frozenset[str]:
    return frozenset(table.file_uris(partition_filters=[("as_of", "=", str(as_of))]))


def _track_facts(settings: Settings, as_of: date) -> pa.Table:
    """One row a track: its facts and its sound as last landed by the end of the night."""
    landed = ds.field("landed_on") <= as_of
    columns = ["track_id", *FACTS]
    history = table_rows(settings, "tracks_history").to_table([*columns, *AS_LANDED], filter=landed)
    sounds = table_rows(settings, "audio_features_history").to_table(
        ["track_id", *SOUND, *AS_LANDED], filter=landed
    )
    newest, sound = (newest_rows(rows, "track_id") for rows in (history, sounds))
    return newest.select(columns).join(sound.select(["track_id", *SOUND]), "track_id")
