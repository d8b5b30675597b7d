"""The suites and the quarantine count the same rows under the same rules."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from pyspark.sql import functions as F

from expectations import audio_features, listens
from jobs.ingest.frames import judged
from jobs.ingest.kinds import KINDS
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema
from jobs.validate.inputs.row_counts import rule_counts
from jobs.validate.runner import SuiteRun, check, open_context
from jobs.window import Window
from tests.validate.rows import NIGHT, features, listen

pytestmark = pytest.mark.spark

CASES = {
    "listens": (listens, [
        listen("good", "ann", "t1"),
        listen("nobody", None, "t1"),
        listen("blank", " ", "t1") | {"ms_played": -1},
        listen("line break", "a\nb", "t1") | {"ms_played": -1},
        listen("long", "ann", "é" * 129),
        listen("ends", "ann ", "t1"),
        listen("last line", "ann\n", "t1"),
        listen("ends too", "ann", "t1 ") | {"ms_played": None},
        listen("backwards", "ann", "t1") | {"ms_played": -1},
        listen("too much", "ann", "t1") | {"ms_played": 86_400_001},
        listen("old", "ann", "t1") | {"listened_at": datetime(1970, 1, 1, tzinfo=UTC)},
        listen("early", "ann", "t1") | {"listened_at": datetime(2027, 1, 1, tzinfo=UTC)},
    ]),
    "audio_features": (audio_features, [
        features("good"), features("loud") | {"energy": 1.1}, features("nan") | {"energy": float("nan")},
        features("both") | {"energy": -1.0, "valence": 2.0}, features(""),
        features("none") | {"mode": None},
    ]),
}  # fmt: skip


@pytest.mark.parametrize("kind", CASES)
def test_a_bad_row_counts_once_and_under_the_same_rule(spark, tmp_path, kind):
    rules, rows = CASES[kind]
    name = "listens" if kind == "listens" else "audio_features_history"
    schema = pa.schema([field.with_nullable(True) for field in arrow_schema(TABLES[name])])
    raw = spark.createDataFrame(pa.Table.from_pylist(rows, schema))
    marks = {mark: F.lit(None).cast("string") for mark in ("rule", "reason", "census")}
    quarantined = judged(raw.withColumns(marks), KINDS[kind]).where("rule IS NOT NULL")
    expected = {row.rule: row["count"] for row in quarantined.groupBy("rule").count().collect()}
    counts = rule_counts(raw, rules.RULES).withColumns(
        {mark: F.lit(True) for mark in ("known_track", "has_features", "fits_track")}
    )
    found = check(open_context(tmp_path), SuiteRun(kind, counts, rules.suite), Window.night(NIGHT))
    assert {f.expectation: f.n_unexpected for f in found if not f.success} == expected
    assert len(expected) > 2
    assert sum(expected.values()) == sum(1 for row in rows if "good" not in row.values())
