"""The night's lists that have passed their gate, to the table that everybody reads."""

import logging
from datetime import date, timedelta

from jobs.lake.arrow import has_night, night_rows, replace_night, version
from jobs.stage import Night

log = logging.getLogger("nocturne")
STAGED, PUBLIC = "playlists_staged", "playlists"


def make_public(night: Night, staged: int) -> None:
    """Replace the night's rows of ``playlists`` by those of this version of ``playlists_staged``, which
    was audited, in one commit."""
    settings, as_of = night.settings, night.window.as_of
    stale = [] if has_night(settings, PUBLIC, as_of) else lists_after(night)
    rows = night_rows(settings, STAGED, as_of, staged).scanner().to_reader()
    replace_night(settings, PUBLIC, rows, as_of)
    night.summary.table_versions |= {STAGED: staged, PUBLIC: version(settings, PUBLIC)}
    night.summary.details["to_make_again"] = [str(later) for later in stale]
    if stale:
        log.warning(
            "lists of %s were made without these: make those nights again", ", ".join(map(str, stale))
        )


def lists_after(night: Night) -> list[date]:
    """Return the later nights whose lists have been made already, without this night's to rest and to
    learn from."""
    as_of = night.window.as_of
    n_nights = max(night.settings.recommend.rest_nights, night.settings.responses.nights)
    nights = (as_of + timedelta(days=age) for age in range(1, n_nights + 1))
    # Lists from before there was a staging table are public alone.
    return [
        later
        for later in nights
        if any(has_night(night.settings, table, later) for table in (STAGED, PUBLIC))
    ]
