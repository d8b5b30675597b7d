"""Rows of one kind of list of a night, without Spark."""

from datetime import date

import pyarrow.compute as pc
import pyarrow.dataset as ds

from jobs.domain.lists import DISCOVER
from jobs.lake.arrow import night_rows
from jobs.settings import Settings


def list_rows(
    settings: Settings, as_of: date, playlist: str = DISCOVER, table: str = "playlists"
) -> ds.Dataset:
    """Return the night's rows of the lists of this name, yet to be read; ``table`` is one that has the
    column ``playlist``."""
    name = pc.coalesce(ds.field("playlist"), pc.scalar(DISCOVER))
    return night_rows(settings, table, as_of).filter(name == playlist)
