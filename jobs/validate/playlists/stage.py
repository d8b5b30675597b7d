"""The gate before publication: the night's neighbors and playlists."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pyspark.sql import DataFrame

from expectations import neighbors as neighbor_rules
from expectations import playlists as playlist_rules
from expectations import quality as quality_rules
from jobs.lake.heard import heard_known
from jobs.lake.history import tracks_known
from jobs.lake.origins import keep_origins
from jobs.lake.responses import keep_responses, lists_of
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.stage import Night
from jobs.validate.gate import hold_gate
from jobs.validate.playlists.per_listener import (
    differences_per_pair,
    heard_tracks,
    neighbors_per_listener,
    playlists_per_listener,
)
from jobs.validate.playlists.quality import read_findings
from jobs.validate.runner import SuiteRun, warm_up
from jobs.window import DAY, Window

GATE = "gate_playlists"
WEEK = 7 * DAY


def gate_playlists(night: Night) -> None:
    """Stop the night, with exit code 65, before a wrong playlist is published."""
    warm_up()
    lake = Lake(open_session(night.settings, GATE), night.settings)
    settings, window = night.settings.responses, night.window
    # What became of lists is for later nights, and needs tonight's lists, but not that they pass.
    with ThreadPoolExecutor(2) as beside:
        kept = (
            beside.submit(keep_responses, lake, window, settings.nights, night.settings.taste.play_ms),
            beside.submit(keep_origins, lake, window, settings.nights, settings.days),
        )
        hold_gate(
            night, GATE, [*_neighbors(night, lake), _playlists(night, lake), _quality(night, lake)]
        )
    for work in kept:
        work.result()


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


def _playlists(night: Night, lake: Lake) -> SuiteRun:
    as_of, settings = night.window.as_of, night.settings.recommend
    facts = playlists_per_listener(
        lake.read("playlists", as_of),
        heard_tracks(_heard(night, lake)),
        tracks_known(lake, night.window).select("track_id", "artist_ids"),
        lake.read("playlist_funnel", as_of),
        lake.read("set_aside", as_of).where("list_of IS NOT NULL"),
        lists_of(lake, Window(as_of - WEEK, as_of)),
    )
    suite = partial(playlist_rules.suite, n_tracks=settings.n_tracks, artist_cap=settings.artist_cap)
    return SuiteRun("playlists", facts, suite)


def _quality(night: Night, lake: Lake) -> SuiteRun:
    found = lake.spark.createDataFrame(read_findings(night.settings, night.window.as_of))
    suite = partial(quality_rules.suite, severity=night.settings.gates.quality)
    return SuiteRun("evaluations", found, suite)


def _heard(night: Night, lake: Lake) -> DataFrame:
    return heard_known(lake, night.window, night.settings.lake.lookback_days)
