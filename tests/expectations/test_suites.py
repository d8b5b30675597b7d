"""What an expectation is about is a column that there is."""

from functools import partial

import pytest

from expectations import (
    audio_features,
    completeness,
    drift,
    feedback,
    landing_files,
    listens,
    neighbors,
    playlists,
    tracks,
)
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema

SUITES = [
    ("landing_files", landing_files.suite),
    ("set_aside", landing_files.set_aside_suite),
    ("listens", listens.suite),
    ("listens", completeness.suite),
    ("tracks_history", tracks.suite),
    ("audio_features_history", audio_features.suite),
    ("audio_features_history", drift.suite),
    ("feedback_history", feedback.suite),
    ("neighbors", partial(neighbors.suite, k=2, k_dissimilar=1, min_overlap=3)),
    ("neighbors", neighbors.pairs_suite),
    ("playlists", partial(playlists.suite, n_tracks=3, artist_cap=2)),
]


@pytest.mark.parametrize(("table", "suite"), SUITES, ids=lambda part: part if str(part) == part else "")
def test_an_expectation_names_a_column_of_its_table(table, suite):
    columns = {name for one in suite().expectations for name in one.column.split(", ")}
    # Not so "", for whole rows, and n_rows, for how many of them there are.
    assert columns - {"", "n_rows"} <= set(arrow_schema(TABLES[table]).names)
