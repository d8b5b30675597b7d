from dataclasses import replace

import numpy as np
import pytest

from jobs.recommend.blend import Pick
from jobs.recommend.reasons import ReasonBuilder, likeness, sentence
from models.features import FEATURES
from tests.recommend.town import catalog, ints, listener, neighborhood

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


def test_what_was_not_detected_is_the_mean_and_no_word():
    tempo = FEATURES.index("tempo")
    tracks = catalog()
    tracks.features[:5, tempo] = [60, 70, 180, np.nan, np.nan]
    both = listener(rated=ints(0, 3), ratings=np.array([1.0, 1.0]))
    assert tracks.z[3, tempo] == 0 and np.isnan(tracks.z[5]).all()
    assert "tempo" not in {name for name, _ in likeness(both, 4, tracks).features}
    assert ("tempo", False) in likeness(both, 1, tracks).features


def test_what_is_rated_zero_or_has_no_features_is_no_likeness():
    assert likeness(listener(rated=ints(0, 5), ratings=np.array([0.0, 1.0])), 1, TRACKS) is None


def reasoned(pick, one, tracks=TRACKS, explained=None, **scores):
    return ReasonBuilder(one, tracks, scores, explained or {}).reason(pick)


def varied(**features):
    """The catalog where the named features alone tell its six tracks apart."""
    tracks = replace(TRACKS, features=np.full((6, len(FEATURES)), 0.5))
    for name, values in features.items():
        tracks.features[:, FEATURES.index(name)] = values
    return tracks


SIDES = [
    ("acousticness", "acoustic", "electric"), ("energy", "energetic", "calm"),
    ("valence", "cheerful", "wistful"), ("danceability", "danceable", "not made for dancing"),
    ("instrumentalness", "instrumental", "sung"), ("speechiness", "wordy", "melodic"),
    ("tempo", "fast", "slow"), ("loudness", "loud", "quiet"), ("liveness", "live", "studio-made"),
    ("duration_ms", "long", "short"), ("mode", None, None), ("time_signature", None, None),
    ("key", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("feature", "above", "below"), SIDES)
def test_a_feature_has_an_adjective_for_each_side(feature, above, below):
    assert len(SIDES) == len(FEATURES)
    tracks = varied(**{feature: [0.9, 0.8, 0.5, 0.5, 0.2, 0.1]})
    content = np.full(6, 0.5)
    for played, new, adjective in ((0, 1, above), (5, 4, below)):
        one = listener(rated=ints(played), ratings=np.array([1.0]))
        kind, evidence = reasoned(Pick(new, "explore"), one, tracks, explore=content)
        assert (kind, evidence["like"]["track_id"]) == ("content", tracks.ids[played])
        assert evidence["words"] == ([adjective] if adjective else [])


@pytest.mark.parametrize(
    ("energy", "features"),
    [
        # The mean is 0 and a deviation is 2.
        ([4.0, 1.0, -1.0, -1.0, -1.0, -2.0], (("energy", True),)),
        ([4.0, 0.9, -0.9, -1.0, -1.0, -2.0], ()),
        ([-4.0, -1.0, 1.0, 1.0, 1.0, 2.0], (("energy", False),)),
        ([-4.0, 1.0, 1.0, 1.0, 2.0, -1.0], ()),
    ],
)
def test_a_feature_stands_out_from_half_a_deviation_on_one_side(energy, features):
    one = listener(rated=ints(0), ratings=np.array([1.0]))
    assert likeness(one, 1, varied(energy=energy)).features == features


def test_what_stands_out_most_is_named_first():
    tracks = varied(energy=[3, 3, 0, 0, -3, -3], tempo=[3, 1.5, 0, 0, -3, -1.5], mode=[0, 1, 0, 1, 0, 1])
    one = listener(rated=ints(0), ratings=np.array([1.0]))
    assert likeness(one, 1, tracks).features == (("energy", True), ("tempo", True))


def test_what_carried_the_score_is_said_first_and_the_three_strongest_are_kept():
    tracks = varied(energy=[9, 9, 5, 5, 1, 1], tempo=[8, 8, 5, 5, 1, 2], valence=[7, 7, 5, 5, 1, 4])
    one = listener(rated=ints(0), ratings=np.array([1.0]))
    pick, content = Pick(1, "explore"), np.full(6, 0.123456)
    plain = reasoned(pick, one, tracks, explore=content)[1]
    assert "carried" not in plain
    assert plain["score"] == 0.1235
    strong = {"valence": 0.33333, "tempo": 0.25, "energy": 0.2, "mode": 0.1}
    added = np.array([strong.get(name, -0.5) for name in FEATURES])
    evidence = reasoned(pick, one, tracks, {1: added}, explore=content)[1]
    assert evidence["carried"] == {"valence": 0.333, "tempo": 0.25, "energy": 0.2}
    assert evidence["words"] == ["cheerful", "fast", "energetic"]
    alone = np.array([0.2 if name == "energy" else 0.0 for name in FEATURES])
    evidence = reasoned(pick, one, tracks, {1: alone}, explore=content)[1]
    assert evidence["carried"] == {"energy": 0.2}


def test_a_list_cites_a_played_track_once_while_others_are_about_as_near():
    three = listener(rated=ints(0, 2, 3), ratings=np.ones(3))
    builder = ReasonBuilder(three, TRACKS, {"explore": np.full(6, 0.5)}, {})
    cited = [builder.reason(Pick(4, "explore"))[1]["like"] for _ in range(4)]
    assert [like["track_id"] for like in cited] == ["loud", "quiet", "louder", "loud"]
    assert cited[0] == {"track_id": "loud", "title": "Loud", "artist": "Bob"}


def test_nothing_played_with_features_is_no_likeness_but_a_score():
    one = listener(rated=ints(5), ratings=np.array([1.0]))
    found = reasoned(Pick(4, "explore"), one, explore=np.full(6, 0.25))
    assert found == ("content", {"score": 0.25, "words": [], "like": None})


@pytest.mark.parametrize(
    ("energy", "found"),
    [
        # 3 is 1.5 times as far as 2: still about as near.
        ([0.0, 3.0, -2.0, 9.0, 9.0, 9.0], 1),
        ([0.0, 3.1, -2.0, 9.0, 9.0, 9.0], 2),
    ],
)
def test_a_cited_track_is_passed_over_for_one_up_to_half_as_far_again(energy, found):
    two = listener(rated=ints(1, 2), ratings=np.ones(2))
    assert likeness(two, 0, varied(energy=energy)).position == 2
    assert likeness(two, 0, varied(energy=energy), {2}).position == found


@pytest.mark.parametrize(("lacking", "found"), [(["tempo"], 1), (FEATURES, 2)])
def test_a_track_may_lack_a_feature_but_not_all_to_be_a_likeness(lacking, found):
    tracks = varied(energy=[0, 1, 2, 5, 5, 5])
    tracks.features[1, [FEATURES.index(name) for name in lacking]] = np.nan
    two = listener(rated=ints(1, 2), ratings=np.ones(2))
    assert likeness(two, 0, tracks).position == found


def test_keys_are_no_likeness():
    tracks = varied(energy=[0, 1, 2, 0, 0, 0], key=[0, 9, 1, 0, 0, 0])
    two = listener(rated=ints(1, 2), ratings=np.ones(2))
    assert likeness(two, 0, tracks).position == 1


CROWD = neighborhood(
    ("d", 0.2, {5: 1.0}), ("a", 0.9, {5: 0.123456, 0: 1.0, 3: 0.0}), ("c", 0.123456, {5: 2.0, 2: 1.0}),
    ("b", 0.9, {5: 3.0}), ("x", -0.9, {5: 9.0}), ("y", 0.8, {5: 0.0}),
)  # fmt: skip


def test_the_closest_three_supporters_are_evidence_and_all_of_them_count():
    kind, evidence = reasoned(Pick(5, "exploit"), listener(neighborhood=CROWD))
    assert kind == "neighbors"
    assert evidence == {
        "n_neighbors": 4,
        "neighbors": [
            {"user_id": "a", "similarity": 0.9, "rating": 0.1235},
            {"user_id": "b", "similarity": 0.9, "rating": 3.0},
            {"user_id": "d", "similarity": 0.2, "rating": 1.0},
        ],
        "shared_artists": ["Ann"],
    }


def test_at_most_two_shared_artists_those_the_listener_rates_highest():
    near = neighborhood(("n", 0.123456, {0: 1.0, 2: 0.5, 4: 1.0, 5: 1.0}))
    alone = replace(TRACKS, artist_of=ints(0, 0, 1, 1, 2, 3), artist_ptr=ints(0, 1, 2, 3, 4, 5, 6))
    rated = {"rated": ints(1, 3, 4), "ratings": np.array([1.0, 2.0, 3.0])}
    one = listener(neighborhood=near, **rated)
    for _, evidence in (reasoned(Pick(5, "exploit"), one, alone) for _ in range(2)):
        assert evidence["shared_artists"] == ["Ann & Cid", "Bob"]
        assert evidence["neighbors"][0]["similarity"] == 0.1235


def test_what_a_neighbor_rates_zero_is_not_shared():
    near = neighborhood(("n", 0.5, {0: 1.0, 2: 0.0, 5: 1.0}))
    one = listener(neighborhood=near, rated=ints(1, 3), ratings=np.array([1.0, 2.0]))
    assert reasoned(Pick(5, "exploit"), one)[1]["shared_artists"] == ["Ann"]


def test_an_artist_rated_zero_is_not_the_listeners_own_a_guest_is():
    near = neighborhood(("n", 0.5, {1: 1.0, 4: 1.0}))
    zero = listener(neighborhood=near, ratings=np.array([0.0]))
    assert reasoned(Pick(1, "exploit"), zero)[0] == "neighbors"
    guest = listener(neighborhood=near, rated=ints(4), ratings=np.array([0.5]))
    kind, evidence = reasoned(Pick(1, "exploit"), guest)
    assert (kind, evidence["artist"]) == ("own_artist", "Ann")


def test_a_popular_track_tells_how_many_and_whether_tastes_are_known():
    counts = np.array([4, 7, 0, 1, 2, 3])
    unknown = listener(centroids=np.empty((0, len(FEATURES))))
    kind, evidence = reasoned(Pick(1, "popular"), listener(), popular=counts)
    assert (kind, evidence) == ("popular", {"n_listeners": 7, "taste_known": True})
    _, evidence = reasoned(Pick(2, "popular"), unknown, popular=counts)
    assert evidence == {"n_listeners": 0, "taste_known": False}


def test_the_score_is_that_of_the_strategy():
    scores = {"exploit": np.array([1.5]), "explore": np.array([0.25], np.float32), "popular": ints(7)}
    builder = ReasonBuilder(listener(), TRACKS, scores, {})
    assert [builder.score(Pick(0, name)) for name in scores] == [1.5, 0.25, 7.0]
