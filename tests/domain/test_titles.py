import csv
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from expectations.tracks import MAX_NAME
from jobs.domain.titles import artist_key, name_key, recording_key, song_key

KEYS = {"artist": artist_key, "recording": recording_key, "song": song_key}
with Path(__file__).with_name("title_pairs.tsv").open(newline="") as file:
    PAIRS = [
        [text.encode("raw_unicode_escape").decode("raw_unicode_escape") for text in row]
        for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    ][1:]


@pytest.mark.parametrize(("key", "verdict", "first", "second"), PAIRS)
def test_two_spellings_are_of_one_thing_or_of_two(key, verdict, first, second):
    of = KEYS[key]
    assert (of(first) == of(second)) == (verdict == "same"), (of(first), of(second))


def test_the_table_speaks_of_both():
    verdicts = [(key, verdict) for key, verdict, *_ in PAIRS]
    assert verdicts.count(("song", "same")) > 100
    assert verdicts.count(("song", "different")) > 90


@pytest.mark.parametrize(
    ("title", "song"),
    [
        ("Let It Be - Remastered 2009", "let it be"),
        ("Say (All I Need)", "say all i need"),
        ("(Live)", "live"),
        ("???", "???"),
        ("C#", "c #"),
        ("  ", ""),
        ("Lanterns ()", "lanterns"),
        ("Lanterns)", "lanterns"),
        ("Lanterns feat. Ravn - Live", "lanterns"),
    ],
)
def test_keys_can_be_read(title, song):
    assert song_key(title) == song


@pytest.mark.parametrize("before", ["a", "in", "my", "the", "this", "your"])
def test_a_last_part_that_only_ends_with_a_version_s_word_is_part_of_the_name(before):
    assert song_key(f"Lanterns (Lost {before} Mix)") == f"lanterns lost {before} mix"
    assert song_key("Lanterns (Harbour Mix)") == "lanterns"


def test_letters_without_an_accent_of_their_own_are_written_as_they_are_without_it():
    assert name_key("søł đħ k\u0131l\u0131 æœ") == "sol dh kili aeoe"
    assert name_key("C♯ B♭") == name_key("C# Bb")


def test_names_are_cut():
    assert name_key("a" * (MAX_NAME + 5)) == "a" * MAX_NAME


@given(st.text())
@example("ẞ")
@example("ŉ")
def test_case_and_composition_make_no_difference(text):
    assert name_key(unicodedata.normalize("NFD", text)) == name_key(text)
    assert name_key(name_key(text)) == name_key(text)


@given(st.text(alphabet="()[] -.aefht/wlive", max_size=60))
def test_a_key_is_empty_only_of_nothing(text):
    for of in KEYS.values():
        assert bool(of(text)) == bool(text.strip())


@pytest.mark.parametrize(
    "part", [" ", "(", "(live) ", " - live", "feat. ", " (feat. ", "a", "1,", "(with "]
)
def test_what_is_too_long_is_cut_before_it_is_read(part):
    text = part * (1_000_000 // len(part))
    for of in KEYS.values():
        assert of(text) == of(text[:MAX_NAME])
