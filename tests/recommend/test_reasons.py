import numpy as np
import pytest

from jobs.recommend.reasons import likeness, sentence
from tests.recommend.town import catalog, ints, listener

TRACKS = catalog()

LIKE = {"track_id": "x", "title": "Pink Moon", "artist": "Nick Drake"}


@pytest.mark.parametrize(
    ("kind", "evidence", "said"),
    [
        ("own_artist", {"n_neighbors": 1, "artist": "Muse"},
         "You play Muse, and 1 listener close to you plays this track."),
        ("own_artist", {"n_neighbors": 5, "artist": "Muse"},
         "You play Muse, and 5 listeners close to you play this track."),
        ("neighbors", {"n_neighbors": 1, "shared_artists": ["Blur"]},
         "Played by 1 listener close to you, who also plays Blur."),
        ("neighbors", {"n_neighbors": 3, "shared_artists": ["Blur", "The Cure"]},
         "Played by 3 listeners close to you, the closest of whom also plays Blur and The Cure."),
        ("neighbors", {"n_neighbors": 2, "shared_artists": []}, "2 listeners close to you play this."),
        ("content", {"words": ["calm", "acoustic", "slow"], "like": LIKE},
         "New to you: calm and acoustic, like “Pink Moon” by Nick Drake, which you play."),
        ("content", {"words": [], "like": LIKE},
         "New to you: close in sound to “Pink Moon” by Nick Drake, which you play."),
        ("content", {"words": [], "like": None}, "New to you: close in sound to what you like."),
        ("popular", {"n_listeners": 1, "taste_known": False},
         "1 listener here plays this; your taste is not known well enough yet to choose closer."),
        ("popular", {"n_listeners": 9, "taste_known": True},
         "9 listeners here play this; nothing closer to your taste was left."),
        ("popular", {"n_listeners": 0, "taste_known": True},
         "New here; nothing closer to your taste was left."),
    ],
)  # fmt: skip
def test_a_reason_is_one_sentence_about_its_evidence(kind, evidence, said):
    assert sentence(kind, evidence) == said


def test_likeness_names_the_nearest_played_track_and_where_both_stand_out():
    both = listener(rated=ints(0, 3), ratings=np.array([1.0, 1.0]))
    assert likeness(both, 1, TRACKS).position == 0
    assert likeness(both, 1, TRACKS).features == (("energy", False),)
    assert likeness(both, 2, TRACKS).features == (("energy", True),)
    assert likeness(both, 4, TRACKS).features == ()


def test_a_track_cited_before_is_passed_over_only_for_one_about_as_near():
    three = listener(rated=ints(0, 2, 3), ratings=np.ones(3))
    assert [likeness(three, 4, TRACKS, cited).position for cited in ((), {2}, {0, 2}, {0, 2, 3})] == [
        2,
        0,
        3,
        2,
    ]
    assert likeness(three, 1, TRACKS, cited={0}).position == 0


def test_what_is_rated_zero_or_has_no_features_is_no_likeness():
    assert likeness(listener(rated=ints(0, 5), ratings=np.array([0.0, 1.0])), 1, TRACKS) is None
