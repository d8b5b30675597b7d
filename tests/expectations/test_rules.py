"""Every rule on the boundary of good and bad, evaluated as Spark evaluates it."""

from datetime import UTC, date, datetime

import pytest

from expectations import audio_features, feedback, listens, tracks
from expectations.rules import first_broken
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import spark_schema
from models.features import FEATURES as NAMES

pytestmark = pytest.mark.spark

DAY = date(2026, 6, 28)
LISTEN = {
    "listen_id": "a-1", "user_id": "u", "track_id": "t", "ms_played": 1000, "skipped": None,
    "listened_at": datetime(2026, 6, 28, 12, tzinfo=UTC), "source": None, "playlist_id": None,
    "private": None, "end_reason": None,
    "listened_on": DAY, "landed_on": DAY, "landing_file": "f",
}  # fmt: skip
TRACK = {
    "track_id": "t", "title": "NA", "artist_ids": ["a", "b"], "artist": "A with B", "album": None,
    "release_date": "1999", "duration_ms": 1, "landed_on": DAY, "landing_file": "f", "explicit": None,
}  # fmt: skip
FEATURES = {
    "track_id": "t", "danceability": 0.0, "energy": 1.0, "key": -1, "loudness": 3.7, "mode": 1,
    "speechiness": 0.1, "acousticness": 0.1, "instrumentalness": 0.0, "liveness": 0.1, "valence": 0.1,
    "tempo": 0.0, "duration_ms": 4_000_000, "time_signature": 0, "source": "given", "landed_on": DAY,
    "landing_file": "f",
}  # fmt: skip
WORD = {
    "user_id": "u", "kind": "like", "target_id": "t", "at": datetime(2026, 6, 28, 23, 59, tzinfo=UTC),
    "landed_on": DAY, "landing_file": "f",
}  # fmt: skip


def beyond(name, bound, step):
    """The nearest plain value on the wrong side of a bound."""
    whole = name in ("key", "mode", "duration_ms", "time_signature")
    return int(bound) + step if whole else bound + 0.1 * step


BAD_IDS = [
    ("too long: {}", "é" * 129),
    ("control character: {}", "a\nb"),
    ("control character: {}", "a\x00b"),
    ("control character: {}", "a\u2028b"),
    ("blank ends: {}", " a"),
    ("blank ends: {}", "a\u00a0"),
    ("blank ends: {}", "\u3000a"),
]
BAD = [
    *(("listens", {"user_id": value}, name.format("user_id")) for name, value in BAD_IDS),
    *(("listens", {"track_id": value}, name.format("track_id")) for name, value in BAD_IDS),
    *(("listens", {"listen_id": value}, name.format("listen_id")) for name, value in BAD_IDS),
    *(("listens", {"playlist_id": value}, name.format("playlist_id")) for name, value in BAD_IDS),
    *(("listens", {"source": value}, name.format("source")) for name, value in BAD_IDS),
    ("listens", {"user_id": None}, "missing field: user_id"),
    ("listens", {"track_id": ""}, "missing field: track_id"),
    ("listens", {"listened_at": None}, "missing field: listened_at"),
    ("listens", {"ms_played": None}, "missing field: ms_played"),
    ("listens", {"ms_played": -1}, "out of range: ms_played"),
    ("listens", {"ms_played": 86_400_001}, "out of range: ms_played"),
    ("listens", {"listened_at": datetime(2001, 12, 31, tzinfo=UTC)}, "implausibly old: listened_at"),
    ("listens", {"listened_at": datetime(2026, 6, 29, tzinfo=UTC)}, "after it landed: listened_at"),
    ("tracks", {"track_id": None}, "missing field: track_id"),
    *(("tracks", {"track_id": value}, name.format("track_id")) for name, value in BAD_IDS),
    ("tracks", {"title": " "}, "missing field: title"),
    ("tracks", {"artist": None}, "missing field: artist"),
    ("tracks", {"duration_ms": None}, "missing field: duration_ms"),
    ("tracks", {"duration_ms": 0}, "out of range: duration_ms"),
    ("tracks", {"artist_ids": None}, "missing field: artist_ids"),
    ("tracks", {"artist_ids": []}, "missing field: artist_ids"),
    ("tracks", {"artist_ids": ["a", ""]}, "missing field: artist_ids"),
    ("tracks", {"artist_ids": ["a\tb"]}, "malformed: artist_ids"),
    ("tracks", {"title": "x" * 2001}, "too long: title or artist"),
    ("tracks", {"release_date": "06/1999"}, "malformed: release_date"),
    ("tracks", {"release_date": "1999-02-30"}, "malformed: release_date"),
    ("tracks", {"release_date": "1999-13"}, "malformed: release_date"),
    ("audio_features", {"track_id": None}, "missing field: track_id"),
    *(("audio_features", {"track_id": value}, name.format("track_id")) for name, value in BAD_IDS),
    ("audio_features", dict.fromkeys(audio_features.RANGES), "missing field: all features"),
    *(
        ("audio_features", {name: None}, f"missing field: {name}")
        for name in sorted(audio_features.RANGES.keys() - audio_features.UNDETECTED.keys())
    ),
    *(
        ("audio_features", {name: beyond(name, bound, step)}, f"out of range: {name}")
        for name, (low, high, _) in audio_features.RANGES.items()
        for bound, step in ((low, -1), (high, 1))
    ),
    ("audio_features", {"energy": float("nan")}, "out of range: energy"),
    ("feedback", {"user_id": None}, "missing field: user_id"),
    ("feedback", {"kind": None}, "missing field: kind"),
    ("feedback", {"target_id": ""}, "missing field: target_id"),
    ("feedback", {"at": None}, "missing field: at"),
    *(("feedback", {"user_id": value}, name.format("user_id")) for name, value in BAD_IDS),
    *(("feedback", {"target_id": value}, name.format("target_id")) for name, value in BAD_IDS),
    ("feedback", {"kind": "Like"}, "unknown kind: kind"),
    *(
        ("feedback", {"kind": dial, "target_id": value}, f"out of range: {dial}")
        for dial, values in {
            "list_length": ("0", "101", "2.5", "1e1", "ten", "٣"), "explicit": ("true", "No", "t"),
            "adventurousness": ("1.01", "-0", "NaN", "1d", "0.5 or so"), "known_share": ("2", "½"),
        }.items()
        for value in values
    ),
    ("feedback", {"at": datetime(1970, 1, 1, tzinfo=UTC)}, "implausibly old: at"),
    ("feedback", {"at": datetime(2026, 6, 29, tzinfo=UTC)}, "after it landed: at"),
]  # fmt: skip
GOOD = [
    ("listens", {}),
    ("listens", {"user_id": "../../etc/x", "listen_id": None}),
    ("listens", {"user_id": "evil\u202egnp.exe", "ms_played": 0}),
    ("listens", {"user_id": 'O\'Brien "the <b>loud</b>"', "ms_played": 86_400_000}),
    ("tracks", {}),
    ("tracks", {"release_date": "1999-02-28"}),
    ("tracks", {"release_date": None}),
    ("tracks", {"release_date": "1999-12"}),
    ("audio_features", {}),
    ("audio_features", dict.fromkeys(audio_features.UNDETECTED)),
    ("feedback", {}),
    *(
        ("feedback", {"kind": dial, "target_id": value})
        for dial, values in {
            "list_length": ("1", "30", "100"),
            "explicit": ("yes", "no"),
            "adventurousness": ("0", "1", "0.75", ".5", "1.0"),
            "known_share": ("0.25",),
        }.items()
        for value in values
    ),
]
ROWS = {
    "listens": ("listens", LISTEN, listens.RULES),
    "tracks": ("tracks_history", TRACK, tracks.RULES),
    "audio_features": ("audio_features_history", FEATURES, audio_features.RULES),
    "feedback": ("feedback_history", WORD, feedback.RULES),
}


def changed(spark, kind, changes):
    """The kind's good row, changed so."""
    table, good, _ = ROWS[kind]
    schema = spark_schema(TABLES[table])
    for field in schema:
        field.nullable = True
    rows = [tuple((good | change)[name] for name in schema.names) for change in changes]
    return spark.createDataFrame(rows, schema)


def broken(spark, kind, changes):
    """Names of the rules that each changed row breaks."""
    judged = changed(spark, kind, changes).selectExpr(
        *(f"({rule.predicate}) <=> false AS `{rule.name}`" for rule in ROWS[kind][2])
    )
    return [{name for name, is_broken in row.asDict().items() if is_broken} for row in judged.collect()]


@pytest.mark.parametrize("kind", list(ROWS))
def test_each_bad_row_breaks_its_rule_and_only_that(spark, kind):
    cases = [(change, rule) for table, change, rule in BAD if table == kind]
    for (change, rule), names in zip(cases, broken(spark, kind, [c for c, _ in cases]), strict=True):
        allowed = {rule}
        if rule == "missing field: all features":
            allowed |= {f"missing field: {name}" for name in audio_features.RANGES}
        assert rule in names and names <= allowed, (change, names)


@pytest.mark.parametrize("kind", list(ROWS))
def test_the_shortcut_for_plain_texts_finds_the_first_broken_rule(spark, kind):
    changes = [change for of, change, _ in BAD if of == kind] + [c for of, c in GOOD if of == kind]
    first = first_broken(ROWS[kind][2])
    found = changed(spark, kind, changes).selectExpr(f"{first} AS rule").collect()
    order = [rule.name for rule in ROWS[kind][2]]
    expected = [min(names, key=order.index, default=None) for names in broken(spark, kind, changes)]
    assert [row.rule for row in found] == expected


@pytest.mark.parametrize("kind", list(ROWS))
def test_good_rows_break_none(spark, kind):
    assert all(not names for names in broken(spark, kind, [c for table, c in GOOD if table == kind]))


def test_ranges_are_those_of_the_features_documentation_and_what_was_not_detected():
    """Shares from 0 to 1; twelve pitch classes and a mode; what an analysis has not found is -1 or 0."""
    ranges = {name: (low, high) for name, (low, high, _) in audio_features.RANGES.items()}
    wider = {
        "key": (-1, 11),
        "loudness": (-100, 20),
        "tempo": (0, 1000),
        "duration_ms": (1, 24 * 3600 * 1000),
        "time_signature": (0, 16),
    }
    assert ranges == dict.fromkeys(NAMES, (0, 1)) | wider
    assert audio_features.UNDETECTED == {"key": -1, "tempo": 0, "time_signature": 0}


@pytest.mark.parametrize("kind", list(ROWS))
def test_every_rule_is_tripped_by_a_row(kind):
    assert {rule for table, _, rule in BAD if table == kind} == {rule.name for rule in ROWS[kind][2]}
