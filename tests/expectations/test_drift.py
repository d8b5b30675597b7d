"""Which features of the night's plays are judged, and from where on they have changed."""

import pytest

from expectations import drift
from jobs.validate.inputs.drift import Drift
from jobs.validate.inputs.stage import DRIFT, as_arrow
from jobs.validate.runner import SuiteRun
from models.features import FEATURES
from tests.expectations.batches import tripped_of


def test_every_feature_has_bins_of_one_width():
    """Of keys, modes and times one each; of the shares tenths."""
    widths = {
        "key": 1,
        "mode": 1,
        "time_signature": 1,
        "loudness": 3,
        "tempo": 14,
        "duration_ms": 42_000,
    }
    widths |= dict.fromkeys(set(FEATURES) - set(widths), 0.1)
    assert {name: (high - low) / n for name, (low, high, n) in drift.BINS.items()} == widths


@pytest.mark.spark
def test_each_feature_is_judged_in_all_and_in_each_source(spark, tmp_path):
    def failed(psi):
        found = [Drift(name, source, psi, "s") for name in FEATURES for source in (None, "app")]
        found.append(Drift("source", None, psi, "s"))
        rows = spark.createDataFrame(as_arrow(found, DRIFT))
        return tripped_of(tmp_path, SuiteRun("listens", rows, drift.suite))

    moved = {("no_drift", name): "warning" for name in (*FEATURES, "source")}
    assert failed(0.21) == moved | {("no_drift_in_a_source", name): "warning" for name in FEATURES}
    assert failed(0.2) == failed(None) == {}
