from datetime import date, timedelta
from math import log

import numpy as np
import pytest

from expectations.drift import BINS
from jobs.validate.inputs.drift import count_bins, drift, drifts, psi
from tests.validate.rows import NIGHT, features, listen, table


def test_the_index_by_hand():
    # Shares with half a play more: 25/50 and 25/50 before, 12.5/50 and 37.5/50 tonight.
    counts = np.array([[24.5, 12.0], [24.5, 37.0]])
    assert psi(counts) == pytest.approx(-0.25 * log(0.5) + 0.25 * log(1.5))
    assert psi(counts[:, ::-1]) == pytest.approx(psi(counts))


def test_equal_shares_and_an_empty_bin_are_finite():
    assert psi(np.array([[100.0, 1000.0], [100.0, 1000.0]])) == pytest.approx(0, abs=1e-4)
    assert 1 < psi(np.array([[100.0, 0.0], [100.0, 200.0]])) < 10


def test_few_plays_are_not_judged():
    assert drift("energy", None, {0: [5_000, 999]}).psi is None
    assert drift("energy", None, {0: [5_000, 1_000]}).psi == 0


def test_all_sources_their_mix_and_each_of_them_are_judged():
    one = {0: [1_000, 0], 1: [1_000, 2_000]}
    other = {0: [1_000, 2_000], 1: [1_000, 0]}
    found = drifts(
        {(name, source): bins for name in BINS for source, bins in (("app", one), ("tv", other))}
    )
    index = {(each.feature, each.source): each.psi for each in found}
    assert len(index) == len(BINS) * 3 + 1
    assert index["energy", None] == pytest.approx(0)
    assert index["source", None] == pytest.approx(0)
    assert index["energy", "app"] == pytest.approx(index["energy", "tv"])
    assert index["energy", "app"] > 1


@pytest.mark.spark
def test_plays_are_counted_by_the_bin_of_their_track(spark):
    before = NIGHT - timedelta(days=7)
    plays = [
        listen("1", "ann", "quiet"), listen("2", "bob", "loud"), listen("3", "bob", "nobody knows"),
        listen("4", "ann", "quiet", before), listen("5", "ann", "quiet", before - timedelta(days=1)),
        listen("6", "ann", "loud", NIGHT + timedelta(days=1)),
    ]  # fmt: skip
    tracks = [
        features("quiet") | {"energy": 0.0, "loudness": -70.0},
        features("loud") | {"energy": 1.0, "loudness": 2.0},
    ]
    counted = count_bins(
        spark.createDataFrame(table("listens", plays)),
        spark.createDataFrame(table("audio_features_history", tracks)),
        date(2026, 6, 28),
    )
    assert counted["energy", "app"] == {0: [1, 1], 9: [0, 1]}
    assert counted["loudness", "app"] == {0: [1, 1], 9: [0, 1]}
    assert counted["mode", "app"] == {1: [1, 2]}
