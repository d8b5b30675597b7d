from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from jobs.recommend.blend import Pick
from jobs.recommend.reasons import Audience, ReasonBuilder, likeness, pattern, sentence, words
from models.features import FEATURES
from tests.recommend.town import catalog, ints, listener, matrix, neighborhood

NIGHT = date(2026, 6, 28)
TRACKS = catalog()

LIKE = {"track_id": "x", "title": "Pink Moon", "artist": "Nick Drake"}


@pytest.mark.parametrize(
    ("kind", "evidence", "said"),
    [
        ("own_artist", {"n_neighbors": 5, "artist": "Muse"},
         "You play Muse, and 5 listeners close to you play this track."),
        ("own_artist", {"n_listeners": 4, "artist": "Muse"},
         "Of all by Muse that you have not heard, this is what most listeners here play."),
        ("own_artist", {"title": "Hullabaloo", "artist": "Muse"},
         "You play Muse; “Hullabaloo” is new to you."),
        ("neighbors", {"n_neighbors": 9, "shared_artist": "Blur", "n_shared": 4},
         "Played by 9 listeners close to you; 4 of them also play Blur, as you do."),
        ("neighbors", {"n_neighbors": 3, "shared_artist": "Blur", "n_shared": 3},
         "Played by 3 listeners close to you; all of them also play Blur, as you do."),
        ("neighbors", {"n_neighbors": 3}, "Played by 3 listeners close to you."),
        ("similar_track", {"n_listeners": 3, "like": LIKE},
         "3 listeners who play “Pink Moon” by Nick Drake, as you do, also play this."),
        ("similar_artist", {"n_listeners": 4, "artist": "Blur", "shared_artist": "Muse"},
         "4 listeners who play Muse, as you do, also play Blur."),
        ("content", {"words": ["calm", "acoustic", "slow"], "like": LIKE},
         "New to you: calm and acoustic, like “Pink Moon” by Nick Drake, which you play."),
        ("content", {"words": [], "like": LIKE},
         "New to you: close in sound to “Pink Moon” by Nick Drake, which you play."),
        ("content", {"words": [], "like": None}, "New to you: close in sound to what you like."),
        ("popular", {"n_listeners": 9, "place": 1234, "taste_known": False},
         "Number 1,234 of what listeners here play most; "
         "your taste is not known well enough yet to choose closer."),
        ("popular", {"n_listeners": 9, "place": 2, "taste_known": True},
         "Number 2 of what listeners here play most; nothing closer to your taste was left."),
        ("popular", {"n_listeners": 2, "title": "Hullabaloo", "taste_known": None},
         "“Hullabaloo” is hardly known here yet."),
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


def reasons(one, tracks=TRACKS, explained=None, plays=None, **scores):
    """The builder of a listener's reasons, among listeners who play the positions in ``plays``."""
    plays = plays or matrix()
    audience, of_artists = Audience.of(plays, len(tracks)), Audience.of_artists(plays, tracks)
    unheard = ~tracks.versions_of(one.heard)
    return ReasonBuilder(one, tracks, audience, of_artists, unheard, scores, explained or {}, NIGHT)


def reasoned(pick, one, tracks=TRACKS, explained=None, **scores):
    return reasons(one, tracks, explained, **scores).reason(pick)


def plays_of(*listeners):
    """A rating of 1 of each of these positions by each listener."""
    found = matrix()
    n, one = len(listeners), np.ones(len(listeners), np.int64)
    return replace(
        found,
        user_ids=tuple(f"p{number}" for number in range(n)),
        ptr=np.cumsum([0, *map(len, listeners)]),
        positions=np.concatenate([np.array(played, np.int32) for played in listeners]),
        ratings=np.ones(sum(map(len, listeners))),
        totals=one * 1.0,
        n_rated=one,
        n_plays=one,
        n_skips=one,
    )


def varied(**features):
    """The catalog where the named features alone tell its six tracks apart."""
    tracks = replace(TRACKS, features=np.full((6, len(FEATURES)), 0.5))
    for name, values in features.items():
        tracks.features[:, FEATURES.index(name)] = values
    return tracks


# What each word is true from, on either side; features without a word.
SIDES = [
    ("acousticness", "acoustic", 0.6, "electric", 0.2), ("energy", "energetic", 0.65, "calm", 0.4),
    ("valence", "cheerful", 0.65, "wistful", 0.35),
    ("danceability", "danceable", 0.65, "not made for dancing", 0.4),
    ("instrumentalness", "instrumental", 0.5, "sung", 0.1),
    ("speechiness", "wordy", 0.33, "melodic", 0.05), ("tempo", "fast", 130, "slow", 90),
    ("loudness", "loud", -7, "quiet", -14), ("liveness", "live", 0.8, "studio-made", 0.2),
    ("duration_ms", "long", 330_000, "short", 150_000),
]  # fmt: skip


@pytest.mark.parametrize(("feature", "high", "most", "low", "least"), SIDES)
def test_a_word_is_true_of_both_tracks_by_themselves(feature, high, most, low, least):
    def said(is_high, *values):
        features = np.full((2, len(FEATURES)), 0.5)
        features[:, FEATURES.index(feature)] = values
        return words([(feature, is_high)], features)

    beyond = (most - least) / 10
    assert said(True, most, most + beyond) == [high]
    assert said(True, most - beyond, most + beyond) == []
    assert said(False, least, least - beyond) == [low]
    assert said(False, least + beyond, least - beyond) == []


def test_features_that_no_one_hears_by_name_have_no_word():
    plain = [(name, True) for name in ("mode", "time_signature", "key")]
    assert words(plain, np.full((2, len(FEATURES)), 99.0)) == []


def test_words_that_do_not_go_together_are_not_said_together():
    features = np.zeros((2, len(FEATURES)))
    features[:, FEATURES.index("energy")] = 0.9
    features[:, FEATURES.index("loudness")] = -20
    features[:, FEATURES.index("tempo")] = 60
    plain = [("loudness", False), ("energy", True), ("tempo", False)]
    assert words(plain, features) == ["quiet", "slow"]
    assert words(plain[1:], features) == ["energetic"]


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
    tracks = varied(
        energy=[0.9, 0.9, 0.5, 0.5, 0.1, 0.1],
        tempo=[180, 180, 150, 150, 110, 120],
        valence=[0.7, 0.7, 0.5, 0.5, 0.1, 0.4],
    )
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
    builder = reasons(three, explore=np.full(6, 0.5))
    cited = [builder.reason(Pick(4, "explore"))[1]["like"] for _ in range(3)]
    assert [like["track_id"] for like in cited] == ["loud", "quiet", "louder"]
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
    }


def test_the_shared_artist_is_the_one_most_of_the_neighbors_play():
    plays = [{5: 1.0, 0: 1.0, 2: 1.0}, {5: 1.0, 2: 1.0, 0: 0.0}, {5: 1.0, 3: 1.0, 1: 1.0}, {5: 1.0}]
    near = neighborhood(*((f"n{number}", 0.5, rated) for number, rated in enumerate(plays)))
    both = {"rated": ints(0, 2), "ratings": np.array([9.0, 1.0])}
    kind, evidence = reasoned(Pick(5, "exploit"), listener(neighborhood=near, **both))
    # Ann, whom they rate higher, has two of the four, Bob three.
    assert kind == "neighbors"
    assert (evidence["n_neighbors"], evidence["n_shared"], evidence["shared_artist"]) == (4, 3, "Bob")
    few = neighborhood(*((f"n{number}", 0.5, plays[number]) for number in (0, 1, 3)))
    _, evidence = reasoned(Pick(5, "exploit"), listener(neighborhood=few, **both))
    assert set(evidence) == {"n_neighbors", "neighbors"}


def test_an_artist_is_named_again_only_where_no_other_is_shared():
    near = neighborhood(*((f"n{number}", 0.5, {5: 1.0, 0: 1.0, 2: 1.0}) for number in range(3)))
    one = listener(neighborhood=near, rated=ints(0, 2), ratings=np.array([1.0, 9.0]))
    builder = reasons(one, plays=plays_of([5]))
    named = [builder.reason(Pick(5, "exploit"))[1]["shared_artist"] for _ in range(2)]
    assert named == ["Bob", "Ann"]
    assert builder.reason(Pick(5, "exploit"))[0] == "popular"
    builder.said.clear()
    assert builder.reason(Pick(5, "exploit"))[1]["shared_artist"] == "Bob"


def test_of_fewer_than_three_listeners_nothing_is_told():
    near = neighborhood(("n1", 0.5, {1: 1.0, 5: 1.0}), ("n2", 0.5, {1: 1.0, 5: 1.0}))
    one = listener(neighborhood=near, candidates=ints(5), chances=np.ones(1), because=ints(0))
    plays = plays_of([0, 1, 5], [0, 5], [1])
    assert reasons(one, plays=plays).reason(Pick(1, "exploit")) == (
        "own_artist",
        {"artist": "Ann", "title": "Calm"},
    )
    kind, evidence = reasons(one, plays=plays).reason(Pick(5, "exploit"))
    assert (kind, evidence["title"]) == ("popular", "Bare")
    three = plays_of([0, 1, 5], [0, 5], [0, 1, 5], [1])
    kind, evidence = reasons(one, plays=three).reason(Pick(5, "exploit"))
    assert (kind, evidence["n_listeners"], evidence["like"]["title"]) == ("similar_track", 3, "Quiet")
    kind, evidence = reasons(one, plays=three).reason(Pick(1, "exploit"))
    assert (kind, evidence) == ("own_artist", {"artist": "Ann", "n_listeners": 3})


def test_where_nothing_is_known_of_a_track_its_artist_is_told_by_artists_they_play():
    one = listener(rated=ints(0, 2), ratings=np.array([1.0, 2.0]))
    # Tracks 0 and 1 are Ann's, 2 and 3 Bob's, 5 is Dee's.
    plays = plays_of([0, 5], [1, 5], [0, 2, 5], [2, 5], [3, 5], [2])
    audience = Audience.of_artists(plays, TRACKS)
    assert [audience.n_of_both(3, own) for own in range(3)] == [3, 3, 0]
    builder = reasons(one, plays=plays)
    found = [builder.reason(Pick(5, "exploit")) for _ in range(3)]
    # Of equals the one they rate higher, then the other, then nobody.
    assert found[:2] == [
        ("similar_artist", {"artist": "Dee", "shared_artist": name, "n_listeners": 3})
        for name in ("Bob", "Ann")
    ]
    assert found[2][0] == "popular"
    assert reasons(one, plays=plays).reason(Pick(5, "popular"))[0] == "popular"
    # Of two listeners nothing is told.
    two = plays_of([0, 5], [1, 5], [2, 5])
    assert reasons(one, plays=two).reason(Pick(5, "exploit"))[0] == "popular"


def test_most_played_is_said_of_one_track_that_others_do_not_equal():
    one = listener(heard=ints(0))
    # Of ann's tracks 0 is heard; 1 and 4 are left.
    for plays, known in (([[0, 1]] * 3, True), ([[1, 4]] * 3, False), ([[1], [1], [1], [4]], True)):
        _, evidence = reasons(one, plays=plays_of(*plays)).reason(Pick(1, "exploit"))
        assert ("n_listeners" in evidence) == known


def test_reasons_take_turns_and_no_sentence_comes_twice():
    near = neighborhood(*((f"n{number}", 0.5, {1: 1.0, 4: 1.0}) for number in range(3)))
    one = listener(neighborhood=near, candidates=ints(1), chances=np.ones(1), because=ints(0))
    builder = reasons(one, plays=plays_of(*[[0, 1]] * 4))
    found = [builder.reason(Pick(1, "exploit")) for _ in range(6)]
    said = [sentence(kind, evidence) for kind, evidence in found]
    assert said[:5] == [
        "You play Ann, and 3 listeners close to you play this track.",
        "4 listeners who play “Quiet” by Ann, as you do, also play this.",
        "Of all by Ann that you have not heard, this is what most listeners here play.",
        "You play Ann; “Calm” is new to you.",
        "Number 2 of what listeners here play most.",
    ]
    fresh = reasons(one, plays=plays_of(*[[0, 1]] * 4))
    fresh.n_said[pattern(*found[0])] += 1
    assert fresh.reason(Pick(1, "exploit")) == found[1]


def test_an_artist_rated_zero_is_not_the_listeners_own_a_guest_is():
    zero = listener(ratings=np.array([0.0]))
    assert reasoned(Pick(1, "exploit"), zero)[0] == "popular"
    guest = listener(rated=ints(4), ratings=np.array([0.5]))
    kind, evidence = reasoned(Pick(1, "exploit"), guest)
    assert (kind, evidence["artist"]) == ("own_artist", "Ann")


def test_a_popular_track_tells_its_place_and_whether_tastes_are_known():
    unknown = listener(centroids=np.empty((0, len(FEATURES))))
    # matrix(): 5 play "bare", 3 "loud", 2 "duet".
    found = reasoned(Pick(2, "popular"), listener())
    assert found == ("popular", {"n_listeners": 3, "place": 2, "taste_known": True})
    _, evidence = reasoned(Pick(4, "popular"), unknown)
    assert evidence == {"n_listeners": 2, "title": "Duet", "taste_known": False}


def test_the_score_is_that_of_the_strategy():
    scores = {"exploit": np.array([1.5]), "explore": np.array([0.25], np.float32), "popular": ints(7)}
    builder = reasons(listener(), **scores)
    assert [builder.score(Pick(0, name)) for name in scores] == [1.5, 0.25, 7.0]
