"""The night's lists that have passed their gate, to the table that everybody reads."""

import logging
from datetime import date, timedelta
from functools import partial

from jobs.lake.arrow import has_night, night_rows, replace_night, version
from jobs.receipts import outdate, outdated_by
from jobs.settings import Settings
from jobs.stage import Night

log = logging.getLogger("nocturne")
STAGED, PUBLIC = "playlists_staged", "playlists"


def make_public(night: Night, staged: int) -> None:
    """Replace the night's rows of ``playlists`` by those of this version of ``playlists_staged``, which
    was audited, in one commit; name the later nights whose lists were made without them."""
    settings, as_of = night.settings, night.window.as_of
    later = nights_after(night)
    if not has_night(settings, PUBLIC, as_of):
        # Noted before the rows are there: a retry, who finds them, tells the same.
        for made in filter(partial(has_lists, settings), later):
            outdate(night.store, made, as_of)
    rows = night_rows(settings, STAGED, as_of, staged).scanner().to_reader()
    replace_night(settings, PUBLIC, rows, as_of)
    stale = [str(made) for made in outdated_by(night.store, as_of, later)]
    night.summary.table_versions |= {STAGED: staged, PUBLIC: version(settings, PUBLIC)}
    night.summary.details["to_make_again"] = stale
    if stale:
        log.warning("lists of %s were made without these: make those nights again", ", ".join(stale))


def nights_after(night: Night) -> list[date]:
    """Return the nights whose lists rest the night's, or learn from them."""
    n_nights = max(night.settings.recommend.rest_nights, night.settings.responses.nights)
    return [night.window.as_of + timedelta(days=age) for age in range(1, n_nights + 1)]


def has_lists(settings: Settings, as_of: date) -> bool:
    """Return whether the night's lists have been made; those of before there was a staging table are
    public alone."""
    return any(has_night(settings, table, as_of) for table in (STAGED, PUBLIC))
