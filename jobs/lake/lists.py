"""Rows of a night's lists to be discovered, without Spark."""

from datetime import date

import pyarrow.compute as pc
import pyarrow.dataset as ds

from jobs.domain.lists import DISCOVER
from jobs.lake.arrow import night_rows
from jobs.settings import Settings


def discover_rows(settings: Settings, as_of: date) -> ds.Dataset:
    """Return the night's rows of ``playlists`` that are of discover, yet to be read."""
    name = pc.coalesce(ds.field("playlist"), pc.scalar(DISCOVER))
    return night_rows(settings, "playlists", as_of).filter(name == DISCOVER)
