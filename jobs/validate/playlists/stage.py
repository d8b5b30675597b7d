"""The gate before publication: the night's neighbors and playlists.

Write, audit, publish: ``recommend`` stages lists in ``playlists_staged``; those that pass here become
the night's rows of ``playlists``, which everybody reads.
"""

import logging
from functools import partial

from pyspark.sql import DataFrame

from expectations import neighbors as neighbor_rules
from expectations import playlists as playlist_rules
from expectations import quality as quality_rules
from jobs.domain.lists import IS_DISCOVER
from jobs.errors import BadDataError, NoInputError
from jobs.lake.arrow import has_night, version
from jobs.lake.dials import dials_landed, limits_of
from jobs.lake.heard import heard_known
from jobs.lake.history import tracks_known
from jobs.lake.origins import keep_origins
from jobs.lake.responses import keep_responses, lists_of
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.side_by_side import side_by_side
from jobs.stage import Night
from jobs.validate.gate import hold_gate
from jobs.validate.playlists.per_listener import (
    differences_per_pair,
    heard_tracks,
    neighbors_per_listener,
    other_lists,
    playlists_per_listener,
)
from jobs.validate.playlists.public import STAGED, make_public
from jobs.validate.playlists.quality import read_findings
from jobs.validate.runner import SuiteRun, warm_up
from jobs.window import DAY, Window

log = logging.getLogger("nocturne")
GATE = "gate_playlists"
WEEK = 7 * DAY


def gate_playlists(night: Night) -> None:
    """Make the night's staged lists public if they pass; NoInputError if there are none.

    If they do not pass, what was public stays: BadDataError, exit code 65.
    """
    as_of, staged = night.window.as_of, version(night.settings, STAGED)
    if not has_night(night.settings, STAGED, as_of, staged):
        raise NoInputError(f"no lists of {as_of} have been made yet: run recommend for that night first")
    warm_up()
    lake = Lake(open_session(night.settings, GATE), night.settings)
    suites = [*_neighbors(night, lake), *_playlists(night, lake, staged), _quality(night, lake)]
    try:
        hold_gate(night, GATE, suites)
    except BadDataError:
        try:
            keep_what_became_of_lists(night, lake)
        except Exception:  # what the gate found is what stops the night
            log.exception("%s: what became of earlier lists was not kept", GATE)
        raise
    make_public(night, staged)
    keep_what_became_of_lists(night, lake)


def keep_what_became_of_lists(night: Night, lake: Lake) -> None:
    """Write ``responses`` and ``origins`` of the lists that are public, tonight's included."""
    settings, window = night.settings.responses, night.window
    side_by_side(
        partial(keep_responses, lake, window, settings.nights, night.settings.taste.play_ms),
        partial(keep_origins, lake, window, settings.nights, settings.days),
    )


def _neighbors(night: Night, lake: Lake) -> list[SuiteRun]:
    rows, settings = lake.read("neighbors", night.window.as_of), night.settings.neighbors
    suite = partial(
        neighbor_rules.suite, k=settings.k, k_dissimilar=settings.k_dissimilar,
        min_overlap=settings.min_overlap,
    )  # fmt: skip
    listeners = _heard(night, lake).where("recent").select("user_id").distinct()
    return [
        SuiteRun("neighbors", neighbors_per_listener(rows, listeners), suite),
        SuiteRun("neighbors", differences_per_pair(rows), neighbor_rules.pairs_suite),
    ]


def _playlists(night: Night, lake: Lake, staged: int) -> list[SuiteRun]:
    as_of, settings = night.window.as_of, night.settings.recommend
    lists, heard = lake.read(STAGED, as_of, staged), heard_tracks(_heard(night, lake))
    tracks = tracks_known(lake, night.window).select(
        "track_id", "artist_ids", "release_date", "explicit"
    )
    limits = limits_of(dials_landed(lake, night.window))
    kept = lake.read("set_aside", as_of).where("list_of IS NOT NULL")
    facts = playlists_per_listener(
        lists.where(IS_DISCOVER),
        heard,
        tracks,
        lake.read("playlist_funnel", as_of),
        kept,
        lists_of(lake, Window(as_of - WEEK, as_of)).where(IS_DISCOVER),
        limits,
    )
    others = lists.where(f"NOT {IS_DISCOVER}")
    rules = {"n_tracks": settings.n_tracks, "artist_cap": settings.artist_cap}
    return [
        SuiteRun("playlists", facts, partial(playlist_rules.suite, **rules)),
        SuiteRun(
            "playlists",
            other_lists(others, heard, tracks, kept, limits, as_of, settings.release_days),
            partial(playlist_rules.other_suite, **rules),
        ),
    ]


def _quality(night: Night, lake: Lake) -> SuiteRun:
    found = lake.spark.createDataFrame(read_findings(night.settings, night.window.as_of))
    suite = partial(quality_rules.suite, severity=night.settings.gates.quality)
    return SuiteRun("evaluations", found, suite)


def _heard(night: Night, lake: Lake) -> DataFrame:
    return heard_known(lake, night.window, night.settings.lake.lookback_days)
