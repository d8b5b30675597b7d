"""The run that tonight's can start from: this night's own last one, or that of the night before."""

import logging
from collections.abc import Mapping
from datetime import date

from deltalake.exceptions import DeltaError

from jobs.lake.arrow import night_rows
from jobs.neighbors.coding import coded
from jobs.neighbors.incremental import Earlier
from jobs.neighbors.pairs import Rule
from jobs.stage import Night, summary_key
from jobs.stage_record import read_record
from jobs.window import DAY, Window

log = logging.getLogger("nocturne.neighbors")
RATING = ["user_id", "track_id", "rating"]
NEIGHBOR = ["user_id", "neighbor_id", "pearson", "n_common", "rank", "band"]


def earlier_run(night: Night, rule: Rule) -> Earlier | None:
    """What an earlier run by the same rule read and wrote, at the very versions; None if there is none.

    The ledger says which versions of the two tables belong together, so a night rebuilt since, or
    nights out of order, cannot mix.
    """
    for as_of in (night.window.as_of, night.window.as_of - DAY):
        versions = _versions(night, as_of, rule)
        if versions:
            try:
                return _read(night, as_of, versions)
            except (DeltaError, OSError) as error:
                log.warning("%s: its versions %s cannot be read any more: %s", as_of, versions, error)
    return None


def _read(night: Night, as_of: date, versions: Mapping[str, int]) -> Earlier:
    ratings, neighbors = (
        night_rows(night.settings, name, as_of, versions[name]).to_table(columns)
        for name, columns in (("ratings", RATING), ("neighbors", NEIGHBOR))
    )
    return Earlier(coded(ratings), neighbors)


def _versions(night: Night, as_of: date, rule: Rule) -> dict[str, int] | None:
    key = summary_key(Night(Window.night(as_of), night.settings), "find_neighbors")
    record = read_record(night.store, key)
    if record is None or record["error"] or record["details"].get("rule") != rule._asdict():
        return None
    versions = record["table_versions"]
    return versions if {"ratings", "neighbors"} <= versions.keys() else None
