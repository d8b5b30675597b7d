"""A listener's list of a night by other settings: for ``nocturne preview``. Nothing is written."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pyspark.sql import functions as F

from expectations.feedback import DIALS
from jobs.domain.dials import Dials, problem_of
from jobs.errors import UsageError
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.recommend.listeners import listeners_of
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


def dials_given(given: Sequence[str]) -> Dials | None:
    """Read ``dial=value`` texts as a listener's dials, None for none; UsageError for what is no dial, or
    no value of it."""
    texts = dict(text.partition("=")[::2] for text in given)
    for dial, value in texts.items():
        if dial not in DIALS:
            raise UsageError(f"--dial {dial!r} is no dial: give one of {', '.join(DIALS)}")
        problem = problem_of(dial, value)
        if problem:
            raise UsageError(f"--dial {dial}={value}: {problem}")
    return Dials.of(texts) if texts else None


def preview(night: Night, user_id: str, name: str, dials: Dials | None = None) -> list[dict[str, Any]]:
    """Return the rows of the list ``name`` that the night would make for the listener, by ``dials`` in
    the place of their own where some are given; UsageError if none."""
    lake = Lake(open_session(night.settings, "preview"), night.settings)
    builder, listeners = prepare(lake, night)
    facts = listeners.where(F.col("user_id") == user_id).toArrow()
    found = [
        replace(one, dials=dials) if dials else one
        for batch in facts.to_batches()
        for one in listeners_of(batch, builder.tracks, builder.matrix)
    ]
    made = list(builder.playlists(found)) if found else []
    if not made:
        raise UsageError(
            f"the night {night.window.as_of} makes no list for {user_id!r}: who gets one has a listen "
            "or a like in the lookback, and no upload of that night set aside"
        )
    tracks: list[dict[str, Any]] = [row for row in made[0]["tracks"] if row["playlist"] == name]
    if not tracks:
        raise UsageError(f"the night {night.window.as_of} makes no list {name} for {user_id!r}")
    return tracks
