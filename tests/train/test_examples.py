from datetime import date

import numpy as np
import pytest

from jobs.settings import TasteSettings, TrainSettings
from jobs.train.examples import block, block_edges, examples, heldout_block
from jobs.train.history import read_known
from jobs.window import Window
from tests.train.lake import at, listen, put, put_town, vector, word

NIGHT = Window.night(date(2026, 6, 3))
TASTE, TRAIN = TasteSettings(), TrainSettings(n_blocks=4, half_life_days=2)


@pytest.mark.parametrize(
    ("play", "liked"),
    [
        ({}, [1]),
        ({"ms_played": 100_000}, [1]),
        ({"ms_played": 99_999}, []),
        ({"ms_played": 150_000, "skipped": True}, [0]),
        ({"ms_played": 29_999, "skipped": None}, [0]),
        ({"ms_played": 29_999, "skipped": False}, []),
        ({"track": "nofeatures", "ms_played": 30_000}, [1]),
        ({"track": "liked", "skipped": True, "ms_played": 100}, [1]),
        ({"track": "disliked"}, [0]),
        ({"track": "turned"}, [0]),
    ],
)
def test_labels(settings, play, liked):
    put(settings, "listens", [listen("a", play.pop("track", "x"), at(2), **play)])
    put(settings, "audio_features_history", [vector(t) for t in ("x", "liked", "disliked", "turned")])
    put(settings, "feedback_history", [
        word("a", "like", "liked", at(3)), word("a", "dislike", "disliked", at(1)),
        word("a", "like", "turned", at(1)), word("a", "block_track", "turned", at(2)),
        word("b", "dislike", "x", at(2)),
    ])  # fmt: skip
    known = read_known(settings, NIGHT)
    assert block(known, NIGHT, TASTE, TRAIN, 0, 1).liked.tolist() == liked


def test_blocks_are_equal_parts_of_the_window(settings):
    old = [listen("a", "x", at(1, minute=m).replace(month=1)) for m in range(3)]
    put(settings, "listens", old + [listen("a", "x", at(2, minute=m)) for m in range(8)])
    known = read_known(settings, NIGHT)
    assert block_edges(known.plays, NIGHT, TRAIN).tolist() == [3, 5, 7, 9, 11]


def test_a_play_weighs_by_its_age(settings):
    put(settings, "listens", [listen("a", "x", at(day, 0)) for day in (2, 3)])
    known = read_known(settings, NIGHT)
    found = block(known, NIGHT, TASTE, TRAIN, 0, 2)
    assert found.weight == pytest.approx([0.5, 0.5**0.5])


def test_the_last_half_block_is_held_out_and_nothing_of_it_is_known(settings):
    put_town(settings)
    known = read_known(settings, NIGHT)
    found = examples(known, NIGHT, TASTE, TRAIN)
    assert [len(b) for b in found.fitting] == [150, 150, 150]
    assert (len(found.tuning), len(found.heldout)) == (75, 75)
    assert found.heldout.stats.n_plays.sum() + found.heldout.stats.n_skips.sum() == 450
    assert found.heldout.listeners.n_plays.sum() + found.heldout.listeners.n_skips.sum() == 450
    alone = heldout_block(known, NIGHT, TASTE, TRAIN)
    np.testing.assert_array_equal(alone.track_of, known.plays.track[525:])
    np.testing.assert_array_equal(alone.liked, found.heldout.liked)
    np.testing.assert_array_equal(alone.listeners.centroids, found.heldout.listeners.centroids)
