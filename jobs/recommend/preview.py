"""A listener's list of a night by other settings: for ``nocturne preview``. Nothing is written."""

import os
from collections.abc import Sequence
from typing import Any

from pyspark.sql import functions as F

from jobs.errors import UsageError
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.recommend.stage import prepare
from jobs.settings import PREFIX
from jobs.stage import Night

SECTION = "RECOMMEND__"


def set_for_preview(given: Sequence[str]) -> None:
    """Put each ``name=value`` into the environment as a setting of the section recommend, with which
    lists are made; UsageError for what is none. Other sections make what the night has made already."""
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"--set {text!r} is no setting: give name=value, as like_weight=1")
        os.environ[f"{PREFIX}{SECTION}{name.upper()}"] = value


def preview(night: Night, user_id: str) -> list[dict[str, Any]]:
    """Return the rows of the list that the night would make for the listener; UsageError if none."""
    lake = Lake(open_session(night.settings, "preview"), night.settings)
    builder, listeners = prepare(lake, night)
    facts = listeners.where(F.col("user_id") == user_id).toArrow()
    made = [row for batch in builder.batches(facts.to_batches()) for row in batch.to_pylist()]
    if not made:
        raise UsageError(
            f"the night {night.window.as_of} makes no list for {user_id!r}: who gets one has a listen "
            "or a like in the lookback, and no upload of that night set aside"
        )
    tracks: list[dict[str, Any]] = made[0]["tracks"]
    return tracks
