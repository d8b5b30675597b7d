"""Every expectation of neighbors and playlists is tripped by one listener who breaks only it."""

from functools import partial

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations import neighbors, playlists, quality
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import spark_schema
from jobs.validate.playlists.per_listener import (
    differences_per_pair,
    heard_tracks,
    neighbors_per_listener,
    personalization,
    playlists_per_listener,
)
from jobs.validate.runner import SuiteRun, check, open_context
from jobs.window import DAY, Window
from tests.expectations.batches import NIGHT, tripped

pytestmark = pytest.mark.spark
NAN = float("nan")


# A list of three: (rank, track, score, reason). Tracks t1..t4 and duo are in the catalog; a1 made t1 and
# t2 and half of duo; every listener but "new" has played t9,
# "lapsed" longer ago than the lookback.
GOOD_LIST = [(1, "t1", 0.9, "why"), (2, "t3", 0.8, "why"), (3, "t4", 0.7, "why")]
LISTS = {
    "good": (GOOD_LIST, None),
    "none": ([], "every_listener_has_a_list"),
    "all heard": ([], "something_is_left"),
    "new": (GOOD_LIST, "only_listeners_have_lists"),
    "short": (GOOD_LIST[:2], "full_or_explained"),
    "long": ([*GOOD_LIST, (4, "t2", 0.6, "why")], "full_or_explained"),
    "explained": (GOOD_LIST[:2], None),
    "contradicted": (GOOD_LIST[:2], "full_or_explained"),
    "gap": ([(1, "t1", 0.9, "w"), (2, "t3", 0.8, "w"), (4, "t4", 0.7, "w")], "ranks_have_no_gaps"),
    "tie": ([(1, "t1", 0.9, "w"), (2, "t3", 0.8, "w"), (2, "t4", 0.7, "w")], "ranks_have_no_gaps"),
    "from zero": ([(0, "t1", 0.9, "w"), (1, "t3", 0.8, "w"), (2, "t4", 0.7, "w")], "ranks_have_no_gaps"),
    "twice": ([*GOOD_LIST[:2], (3, "t1", 0.7, "w")], "tracks_are_different"),
    "capped": ([(1, "t1", 0.9, "w"), (2, "t2", 0.8, "w"), (3, "duo", 0.7, "w")], "artist_cap"),
    "heard": ([*GOOD_LIST[:2], (3, "t9", 0.7, "w")], "tracks_are_unheard"),
    "heard long ago": ([*GOOD_LIST[:2], (3, "t0", 0.7, "w")], "tracks_are_unheard"),
    "lapsed": (GOOD_LIST, "only_listeners_have_lists"),
    "unknown": ([*GOOD_LIST[:2], (3, "tx", 0.7, "w")], "tracks_are_known"),
    "nan": ([*GOOD_LIST[:2], (3, "t4", NAN, "w")], "scores_are_finite"),
    "infinite": ([*GOOD_LIST[:2], (3, "t4", float("inf"), "w")], "scores_are_finite"),
    # A list that stays was made by other rules; that it is whole can be seen whenever.
    "kept": ([(1, "t1", 0.9, "w"), (2, "t2", 0.8, "w"), (3, "duo", 0.7, "w"), (4, "t9", 0.6, "w"),
              (5, "tx", 0.5, "w")], None),
    "kept gap": ([*GOOD_LIST[:2], (4, "t9", 0.7, "w")], "ranks_have_no_gaps"),
    "again": (GOOD_LIST, "lists_change"),
    "silent": ([*GOOD_LIST[:2], (3, "t4", 0.7, " ")], "every_track_has_a_reason"),
}  # fmt: skip


def local(rows: DataFrame) -> DataFrame:
    """The same rows, computed once."""
    return rows.sparkSession.createDataFrame(rows.collect(), rows.schema)


@pytest.fixture(scope="module")
def list_facts(_session) -> DataFrame:
    def table(name: str, rows: list[tuple]):
        return _session.createDataFrame(rows, spark_schema(TABLES[name]))

    lists = table("playlists", [
        (NIGHT, user, rank, track, "title", "artist", score, "explore", "kind", reason, "{}", None, rank)
        for user, (tracks, _) in LISTS.items() for rank, track, score, reason in tracks
    ])  # fmt: skip
    artists = {
        "t1": ["a1"],
        "t2": ["a1"],
        "t3": ["a3"],
        "t4": ["a4"],
        "t9": ["a9"],
        "t0": ["a0"],
        "duo": ["a1", "a9"],
    }
    tracks = _session.createDataFrame(list(artists.items()), "track_id string, artist_ids array<string>")
    heard = [(user, "t9", user != "lapsed") for user in LISTS if user != "new"] * 2
    heard += [("heard long ago", "t0", False), ("lapsed without a list", "t0", False)]
    listens = _session.createDataFrame(heard, "user_id string, track_id string, recent boolean")
    funnel = table(
        "playlist_funnel",
        [
            (NIGHT, "explained", 1, "heard", 9, 4),
            (NIGHT, "explained", 2, "artist_cap", 4, 2),
            (NIGHT, "all heard", 1, "heard", 9, 0),
            (NIGHT, "contradicted", 1, "heard", 9, 2),
            (NIGHT, "contradicted", 2, "artist_cap", 2, 1),
        ],
    )
    kept = _session.createDataFrame([("kept",), ("kept",), ("kept gap",)], "user_id string")
    # Of the night before: two of "good"'s three tracks are another's, "again" had two of them.
    before = table("playlists", [
        (day, user, rank, track, "title", "artist", 1.0, "explore", "kind", "w", "{}", None, rank)
        for day, user, tracks in (
            (NIGHT - DAY, "good", ("t1", "t2", "t9")), (NIGHT - DAY, "again", ("t4", "t1", "t9")),
            (NIGHT - DAY, "kept", ("t1", "t2", "duo", "t9", "tx")),
            (NIGHT - 2 * DAY, "short", ("t1", "t3")), (NIGHT - 3 * DAY, "good", ("t1",)),
        )
        for rank, track in enumerate(tracks, start=1)
    ])  # fmt: skip
    facts = playlists_per_listener(lists, heard_tracks(listens), tracks, funnel, kept, before)
    return local(facts)


@pytest.mark.parametrize("user", LISTS)
def test_a_wrong_list_breaks_one_expectation(list_facts, tmp_path, user):
    tracks, wanted = LISTS[user]
    facts = list_facts.where(F.col("user_id") == user).withColumn("personalization", F.lit(1.0))
    suite = partial(playlists.suite, n_tracks=3, artist_cap=2)
    failed = tripped(tmp_path, SuiteRun("playlists", facts, suite))
    if len(tracks) not in (0, 3) and user != "kept":
        assert failed.pop("lists_are_full") == "warning"
    severity = "warning" if wanted in ("lists_change", "something_is_left") else "critical"
    assert failed == ({wanted: severity} if wanted else {})


def test_a_row_is_a_listener_of_the_lookback_or_of_a_list(list_facts):
    assert {row.user_id for row in list_facts.collect()} == set(LISTS)


def test_lists_that_are_all_the_same_are_a_warning(list_facts, tmp_path):
    facts = list_facts.where("user_id = 'good'").withColumn("personalization", F.lit(0.89))
    suite = partial(playlists.suite, n_tracks=3, artist_cap=2)
    assert tripped(tmp_path, SuiteRun("playlists", facts, suite)) == {"lists_are_personal": "warning"}


def test_coverage_is_against_the_median_of_the_nights_before(list_facts, tmp_path):
    """Tonight t1 to t4, t9, t0, duo and tx; before six, two and one."""
    row = list_facts.where("user_id = 'good'").head()
    assert (row.n_covered, row.usually_covered, row.n_again) == (8, 2.0, 1)
    suite = partial(playlists.suite, n_tracks=3, artist_cap=2)
    for usual, wanted in ((16.0, {}), (16.5, {"coverage_is_usual": "warning"}), (None, {})):
        facts = list_facts.where("user_id = 'good'").withColumns(
            {"usually_covered": F.lit(usual).cast("double"), "personalization": F.lit(1.0)}
        )
        assert tripped(tmp_path, SuiteRun("playlists", facts, suite)) == wanted


@pytest.mark.parametrize("severity", ["warning", "critical"])
def test_lists_that_are_surely_worse_are_told_as_the_setting_says(spark, tmp_path, severity):
    names = "lists_are_as_good_as_before", "lists_beat_popularity"
    columns = "finding string, surely_worse boolean, sentence string"
    for worse in ((True, False), (False, True), (None, None)):
        rows = [(name, bad, "s") for name, bad in zip(names, worse, strict=True)]
        batch = SuiteRun(
            "evaluations",
            spark.createDataFrame(rows, columns),
            partial(quality.suite, severity=severity),
        )
        wanted = {name: severity for name, bad in zip(names, worse, strict=True) if bad}
        assert tripped(tmp_path, batch) == wanted


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({"a": "xyz", "b": "xyz"}, 0.0),
        ({"a": "xyz", "b": "uvw"}, 1.0),
        # Overlaps of the three pairs: 1/3, 0 and 2/3.
        ({"a": "xyz", "b": "xuv", "c": "uvw"}, 1 - (1 / 3 + 0 + 2 / 3) / 3),
        ({"a": "xyz"}, None),
    ],
)
def test_personalization_is_one_minus_the_mean_overlap(spark, lists, expected):
    rows = [(rank, track) for tracks in lists.values() for rank, track in enumerate(tracks, start=1)]
    row = personalization(spark.createDataFrame(rows, "rank int, track_id string")).head()
    assert row.personalization == (expected if expected is None else pytest.approx(expected))


# The neighbors of a listener: (neighbor, pearson, n_common, similarity, rank, band).
def of(name: str, r: float = 0.5, n: int = 3, rank: int = 1, band: str = "similar", s: float = 0.4):
    return (name, r, n, s, rank, band)


NEIGHBORS = {
    "good": ([of("x"), of("y", rank=2), of("z", r=-0.5, rank=1, band="dissimilar")], None),
    "apart": ([of("x"), of("z", r=-0.5, rank=2, band="dissimilar")], "ranks_have_no_gaps"),
    "alone": ([], "listeners_have_neighbors"),
    "beyond": ([of("x", r=1.01)], "pearson_is_a_correlation"),
    "nan": ([of("x", r=NAN)], "pearson_is_a_correlation"),
    "infinite": ([of("x", s=float("inf"))], "similarity_is_finite"),
    "few": ([of("x", n=2)], "enough_in_common"),
    "self": ([of("self")], "nobody_is_their_own_neighbor"),
    "double": ([of("x"), of("x", rank=2)], "neighbors_are_different"),
    "crowd": ([of("x"), of("y", rank=2), of("z", rank=3)], "at_most_k_similar"),
    "far": ([of("x", band="dissimilar"), of("y", rank=2, band="dissimilar")], "at_most_k_dissimilar"),
    "band": ([of("x", band="most_alike")], "bands_are_known"),
    "gap": ([of("x"), of("y", rank=3)], "ranks_have_no_gaps"),
}  # fmt: skip


@pytest.fixture(scope="module")
def facts_of_neighbors(_session) -> DataFrame:
    found = [(NIGHT, user, *one) for user, (rows, _) in NEIGHBORS.items() for one in rows]
    rows = _session.createDataFrame(found, spark_schema(TABLES["neighbors"]))
    listeners = _session.createDataFrame([("alone",)], "user_id string")
    return local(neighbors_per_listener(rows, listeners))


@pytest.mark.parametrize("user", NEIGHBORS)
def test_wrong_neighbors_break_one_expectation(facts_of_neighbors, tmp_path, user):
    wanted = NEIGHBORS[user][1]
    suite = partial(neighbors.suite, k=2, k_dissimilar=1, min_overlap=3)
    failed = tripped(
        tmp_path, SuiteRun("neighbors", facts_of_neighbors.where(F.col("user_id") == user), suite)
    )
    severity = "warning" if wanted == "listeners_have_neighbors" else "critical"
    assert failed == ({wanted: severity} if wanted else {})


@pytest.mark.parametrize(
    ("there", "back", "wanted"),
    [
        (of("b"), of("a", rank=2, band="dissimilar"), {}),
        (of("b"), of("a", r=0.6), {("pairs_agree", "pearson"): "critical"}),
        (of("b"), of("a", n=4), {("pairs_agree", "n_common"): "critical"}),
        (of("b"), of("c", r=0.6), {}),
    ],
)
def test_two_views_of_a_pair_agree(spark, tmp_path, there, back, wanted):
    rows = [(NIGHT, "a", *there), (NIGHT, "b", *back)]
    facts = differences_per_pair(spark.createDataFrame(rows, spark_schema(TABLES["neighbors"])))
    found = check(
        open_context(tmp_path), SuiteRun("neighbors", facts, neighbors.pairs_suite), Window.night(NIGHT)
    )
    assert {(f.expectation, f.column_name): f.severity for f in found if not f.success} == wanted
