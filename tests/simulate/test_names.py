"""The town's names: invented, short, of their scene, and never two of one kind where it matters."""

from collections import Counter
from unicodedata import name

import numpy as np
import pytest

from jobs.domain.titles import song_key
from jobs.simulate.music import N_SCENES, make_music
from jobs.simulate.names import SCENES, make_names


@pytest.fixture(scope="module")
def music():
    return make_music(np.random.default_rng([7, 1]), 5_000, 7)


def test_titles_of_a_whole_town_are_short_and_hardly_any_comes_twice(music):
    titles = [str(record["title"]) for record in music.track_records]
    plain = [title.partition(" (feat. ")[0] for title in titles]
    assert {len(title.split()) for title in plain} == {1, 2, 3}
    assert max(map(len, plain)) <= 30
    n_guests = sum(title != short for title, short in zip(titles, plain, strict=True))
    assert 200 < n_guests < 400  # of 300
    assert sum(n > 1 for n in Counter(titles).values()) < 20


def test_no_two_tracks_of_an_artist_are_versions_of_one_song_and_no_two_artists_have_one_name(music):
    songs = Counter((r["artist_id"], song_key(str(r["title"]))) for r in music.track_records)
    assert max(songs.values()) == 1
    names = {str(r["artist_id"]): r["artist"] for r in music.track_records}
    assert len(set(names.values())) == len(names) == 500


def test_a_scene_has_its_own_script(music):
    def scripts(scene: int) -> set[str]:
        shown = "".join(
            f"{r['title']}{r['artist']}"
            for r, artist in zip(music.track_records, music.artist, strict=True)
            if music.scene[artist] == scene and "feat." not in str(r["title"])
        )
        return {name(letter).split()[0] for letter in shown if letter.isalpha()}

    assert len(SCENES) == N_SCENES
    found = Counter(min(scripts(scene) - {"CJK", "KATAKANA"}) for scene in range(N_SCENES))
    assert found == {"LATIN": 8, "CYRILLIC": 1, "HIRAGANA": 1, "HANGUL": 1, "GREEK": 1}


def test_an_artist_has_albums_named_after_their_first_song_and_singles(music):
    first = [r for r in music.track_records if r["artist_id"] == "artist-00000"]
    plain = [str(record["title"]).partition(" (feat. ")[0] for record in first]
    albums = [record.get("album") for record in first]
    assert albums == [plain[0]] * 5 + [plain[5]] * 4 + [None] * (len(first) - 9)


def test_a_guest_is_another_artist_of_the_scene():
    scene, artist = np.array([0, 1, 0]), np.repeat([0, 1, 2], 200)
    names = make_names(np.random.default_rng(1), scene, artist)
    guests = {
        (int(of), title.partition(" (feat. ")[2].rstrip(")"))
        for of, title in zip(artist, names.titles, strict=True)
        if "(feat." in title
    }
    assert guests == {(0, names.artists[2]), (2, names.artists[0])}


def test_names_leave_all_other_draws_of_the_town_as_they_are():
    rng = np.random.default_rng([3, 1])
    make_names(rng.spawn(1)[0], np.array([0, 1]), np.array([0, 0, 1]))
    assert rng.random() == np.random.default_rng([3, 1]).random()


def test_names_go_on_where_the_words_of_a_scene_end():
    scene = np.zeros(600, int)
    names = make_names(np.random.default_rng(1), scene, np.arange(600))
    assert len(set(names.artists)) == 600
    assert any(artist.endswith(" 2") for artist in names.artists)
