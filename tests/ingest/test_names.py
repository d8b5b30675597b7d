import pytest

from jobs.ingest.names import artist_key, name_id, title_key


@pytest.mark.parametrize(
    ("artist", "key"),
    [
        ("The Beatles", "beatles"), ("BEYONCÉ", "beyonce"), ("Simon & Garfunkel", "simon and garfunkel"),
        ("Jay-Z feat. Alicia Keys", "jay z"), ("A Featuring B", "a"), ("The The", "the"),
        ("!!!", "!!!"), ("Мумий Тролль", "мумии тролль"), ("Theory", "theory"), ("Feat", "feat"),
    ],
)  # fmt: skip
def test_artists(artist, key):
    assert artist_key(artist) == key


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Heart-Shaped Box", "heart shaped box"), ("Help! - Remastered 2009", "help"),
        ("Help! (2009 Remaster)", "help"), ("Umbrella (feat. JAY-Z)", "umbrella"),
        ("Creep - Live", "creep live"), ("Hey Jude (Live)", "hey jude live"),
        ("Layla - Album Version", "layla"), ("Remaster", "remaster"), ("???", "???"),
    ],
)  # fmt: skip
def test_titles_of_one_recording_agree_and_other_versions_do_not(title, key):
    assert title_key(title) == key


def test_a_name_without_end_is_cut_before_any_expression_sees_it():
    for unit in (" ", "(", " - ", " feat.", "\u3000", "a "):
        endless = "Help" + unit * 500_000
        assert name_id(endless, endless) == name_id(endless[:2_000], endless[:2_000] + "x")


def test_an_id_is_made_of_both_names():
    assert name_id("The Beatles", "Help! - Remastered 2009") == name_id("beatles", "HELP")
    assert name_id("Beatles", "Help") != name_id("Help", "Beatles")
