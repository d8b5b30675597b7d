import numpy as np

from jobs.evaluate.plays import is_play


def test_a_play_is_half_a_minute_or_half_the_track_and_no_skip():
    ms = np.array([29_999, 30_000, 20_000, 19_999, 30_000, 90_000, 29_999])
    duration = np.array([180_000, 180_000, 40_000, 40_000, np.nan, 180_000, np.nan])
    skipped = np.array([False, False, False, False, False, True, False])
    assert is_play(ms, skipped, duration).tolist() == [False, True, True, False, True, False, False]
