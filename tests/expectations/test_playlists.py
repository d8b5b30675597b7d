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
    other_lists,
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
    "kept": (
        [
            (1, "t1", 0.9, "w"),
            (2, "t2", 0.8, "w"),
            (3, "duo", 0.7, "w"),
            (4, "t9", 0.6, "w"),
            (5, "tx", 0.5, "w"),
        ],
        None,
    ),
    "kept gap": ([*GOOD_LIST[:2], (4, "t9", 0.7, "w")], "ranks_have_no_gaps"),
    "again": (GOOD_LIST, "lists_change"),
    "silent": ([*GOOD_LIST[:2], (3, "t4", 0.7, " ")], "every_track_has_a_reason"),
    # By what they have set: two tracks; of three a third known; nothing explicit, as t4 is.
    "wants two": (GOOD_LIST[:2], None),
    "wants two, gets three": (GOOD_LIST, "full_or_explained"),
    "wants known": ([*GOOD_LIST[:2], (3, "t9", 0.7, "known")], None),
    "wants fewer known": (
        [(1, "t1", 0.9, "w"), (2, "t0", 0.8, "known"), (3, "t9", 0.7, "known")],
        "known_share_is_kept",
    ),
    "wants known, is heard": ([*GOOD_LIST[:2], (3, "t9", 0.7, "w")], "tracks_are_unheard"),
    "wants known, is short": ([GOOD_LIST[0], (2, "t9", 0.7, "known")], None),
    "clean": (GOOD_LIST, "nothing_explicit_unasked"),
}
LIMITS = {
    "wants two": (2, None, None), "wants two, gets three": (2, None, False),
    "clean": (None, None, True),
} | dict.fromkeys(
    ["wants known", "wants fewer known", "wants known, is heard", "wants known, is short"],
    (None, 0.34, None),
)  # fmt: skip


def local(rows: DataFrame) -> DataFrame:
    """The same rows, computed once."""
    return rows.sparkSession.createDataFrame(rows.collect(), rows.schema)


@pytest.fixture(scope="module")
def list_facts(_session) -> DataFrame:
    def table(name: str, rows: list[tuple]):
        return _session.createDataFrame(rows, spark_schema(TABLES[name]))

    lists = table("playlists", [
        (NIGHT, user, rank, track, "title", "artist", score,
         "rediscover" if reason == "known" else "explore", "kind", reason, "{}", None, rank, None)
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
    tracks = _session.createDataFrame(
        [(track, ids, track == "t4" or None) for track, ids in artists.items()],
        "track_id string, artist_ids array<string>, explicit boolean",
    )
    heard = [(user, "t9", user != "lapsed") for user in LISTS if user != "new"] * 2
    heard += [("heard long ago", "t0", False), ("lapsed without a list", "t0", False)]
    listens = _session.createDataFrame(heard, "user_id string, track_id string, recent boolean")
    funnel = table(
        "playlist_funnel",
        [
            (NIGHT, "explained", 1, "heard", 9, 4),
            (NIGHT, "explained", 2, "artist_cap", 4, 2),
            (NIGHT, "all heard", 1, "heard", 9, 0),
            (NIGHT, "wants known, is short", 1, "heard", 9, 1),
            (NIGHT, "contradicted", 1, "heard", 9, 2),
            (NIGHT, "contradicted", 2, "artist_cap", 2, 1),
        ],
    )
    kept = _session.createDataFrame([("kept",), ("kept",), ("kept gap",)], "user_id string")
    # Of the night before: two of "good"'s three tracks are another's, "again" had two of them.
    before = table("playlists", [
        (day, user, rank, track, "title", "artist", 1.0, "explore", "kind", "w", "{}", None, rank, None)
        for day, user, tracks in (
            (NIGHT - DAY, "good", ("t1", "t2", "t9")), (NIGHT - DAY, "again", ("t4", "t1", "t9")),
            (NIGHT - DAY, "kept", ("t1", "t2", "duo", "t9", "tx")),
            (NIGHT - 2 * DAY, "short", ("t1", "t3")), (NIGHT - 3 * DAY, "good", ("t1",)),
        )
        for rank, track in enumerate(tracks, start=1)
    ])  # fmt: skip
    limits = _session.createDataFrame(
        [(user, *limit) for user, limit in LIMITS.items()],
        "user_id string, list_length int, known_share double, clean boolean",
    )
    facts = playlists_per_listener(lists, heard_tracks(listens), tracks, funnel, kept, before, limits)
    return local(facts)


@pytest.mark.parametrize("user", LISTS)
def test_a_wrong_list_breaks_one_expectation(list_facts, tmp_path, user):
    tracks, wanted = LISTS[user]
    facts = list_facts.where(F.col("user_id") == user).withColumn("personalization", F.lit(1.0))
    suite = partial(playlists.suite, n_tracks=3, artist_cap=2)
    failed = tripped(tmp_path, SuiteRun("playlists", facts, suite))
    if (
        len(tracks) not in (0, 3) and user not in ("kept", "wants two")
    ) or user == "wants two, gets three":
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


# Another list of a listener: its name, and (rank, track, score, reason). All but "nobody" have heard
# h1 and h2; n1 to n3 are new, o1 is old, of y1 only the year is known.
OLD, NEW = [(1, "h1", 0.9, "w"), (2, "h2", 0.8, "w")], [(1, "n1", 0.9, "w"), (2, "n2", 0.8, "w")]
OTHERS = {
    "again": ("rediscover", OLD, None),
    "fresh": ("new_releases", NEW, None),
    "nobody": ("new_releases", NEW, "only_listeners_have_other_lists"),
    "endless": ("new_releases", [*NEW, (3, "n3", 0.7, "w"), (4, "n4", 0.6, "w")], "other_lists_end"),
    "gap": ("rediscover", [OLD[0], (3, "h2", 0.8, "w")], "other_ranks_have_no_gaps"),
    "twice": ("rediscover", [OLD[0], (2, "h1", 0.8, "w")], "other_tracks_are_different"),
    "unknown": ("rediscover", [OLD[0], (2, "hx", 0.8, "w")], "other_tracks_are_known"),
    "capped": ("new_releases", [*NEW, (3, "n5", 0.8, "w")], "other_artist_cap"),
    "nan": ("rediscover", [OLD[0], (2, "h2", NAN, "w")], "other_scores_are_finite"),
    "silent": ("rediscover", [OLD[0], (2, "h2", 0.8, "")], "every_other_track_has_a_reason"),
    "never heard": ("rediscover", [OLD[0], (2, "n1", 0.8, "w")], "rediscovered_were_heard"),
    "known": ("new_releases", [NEW[0], (2, "h1", 0.8, "w")], "releases_are_unheard"),
    "old": ("new_releases", [NEW[0], (2, "o1", 0.8, "w")], "releases_are_new"),
    "of a year": ("new_releases", [NEW[0], (2, "y1", 0.8, "w")], "releases_are_new"),
    "early": ("new_releases", [NEW[0], (2, "e1", 0.8, "w")], "releases_are_new"),
    "wants one": ("rediscover", OLD, "other_lists_end"),
    "clean": ("new_releases", [NEW[0], (2, "n6", 0.8, "w")], "other_nothing_explicit_unasked"),
    # Of an earlier night: since then it was heard, and got old.
    "kept": ("new_releases", [(1, "h1", 0.9, "w"), (2, "o1", 0.8, "w")], None),
}
RELEASED = {
    "h1": "2026-06", "h2": "1999", "hx": None, "n1": str(NIGHT), "n2": str(NIGHT - 27 * DAY),
    **dict.fromkeys(("n4", "n5", "n6"), str(NIGHT)), "n3": "2026-06", "o1": str(NIGHT - 28 * DAY),
    "y1": "2026", "e1": str(NIGHT + DAY),
}  # fmt: skip


@pytest.fixture(scope="module")
def facts_of_others(_session) -> DataFrame:
    lists = _session.createDataFrame(
        [(user, name, rank, track, score, reason, name)
         for user, (name, rows, _) in OTHERS.items() for rank, track, score, reason in rows],
        "user_id string, playlist string, rank int, track_id string, score double, reason string, "
        "strategy string",
    )  # fmt: skip
    tracks = _session.createDataFrame(
        [(track, ["a"] if track in ("n1", "n2", "n5") else [track], day, track == "n6")
         for track, day in RELEASED.items() if track != "hx"],
        "track_id string, artist_ids array<string>, release_date string, explicit boolean",
    )  # fmt: skip
    heard = [(user, track, True) for user in OTHERS for track in ("h1", "h2") if user != "nobody"]
    heard += [("unknown", "hx", True)]
    listens = _session.createDataFrame(heard, "user_id string, track_id string, recent boolean")
    kept = _session.createDataFrame([("kept",)], "user_id string")
    limits = _session.createDataFrame(
        [("wants one", 1, None, None), ("clean", None, None, True)],
        "user_id string, list_length int, known_share double, clean boolean",
    )
    return local(other_lists(lists, heard_tracks(listens), tracks, kept, limits, NIGHT, 28))


@pytest.mark.parametrize("user", OTHERS)
def test_a_wrong_other_list_breaks_one_expectation(facts_of_others, tmp_path, user):
    wanted = OTHERS[user][2]
    facts = facts_of_others.where(F.col("user_id") == user)
    suite = partial(playlists.other_suite, n_tracks=3, artist_cap=2)
    failed = tripped(tmp_path, SuiteRun("playlists", facts, suite))
    assert failed == ({wanted: "critical"} if wanted else {})


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
