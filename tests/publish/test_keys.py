import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobs.publish.keys import encoded, spread, user_key

HOSTILE = [
    "..",
    ".",
    "/",
    "../x",
    "%2e%2e",
    "%2e%2e%2fx",
    "~",
    "~~",
    "a/b",
    "a\\b",
    "\0",
    " ",
    "\n",
    "a.json",
]
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
LONG = "e9615320128cc7a3d6078e9af05603188e5ccbf0d07d8b735d3df5e8e0c1281f"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def test_plain_ids_stay_readable():
    assert encoded("lfm-0042_x") == "lfm-0042_x"
    assert encoded("Anna.K") == "~41nna~2e~4b"
    assert re.fullmatch(r"users/[0-9a-f]{2}/lfm-0042_x", user_key("lfm-0042_x"))


def test_a_name_of_120_is_kept_and_a_longer_or_empty_one_ends_in_its_digest():
    assert encoded("a" * 120) == "a" * 120
    # SHA-256 of 121 times a, and of nothing
    assert encoded("a" * 121) == "a" * 40 + "~~" + LONG
    assert encoded("") == "~~" + EMPTY
    # A cut through "~c3~a9" ends before it.
    assert encoded("é" * 100).startswith("~c3~a9" * 6 + "~c3~~")


@pytest.mark.parametrize("user_id", [*HOSTILE, "", "🎧", "é" * 5_000, "a" * 10_000])
def test_no_id_leaves_its_folder_however_often_it_is_decoded(user_id):
    key = user_key(user_id)
    assert unquote(unquote(key)) == key
    assert re.fullmatch(r"users/[0-9a-f]{2}/[a-z0-9_~-]{1,120}", key)
    assert len(PurePosixPath(key).parts) == 3


def test_two_normal_forms_and_two_cases_are_two_listeners():
    alike = ["é", "e", "É", "E", "~e9"]
    forms = [unicodedata.normalize(form, text) for text in alike for form in ("NFC", "NFD")]
    assert len({user_key(form).casefold() for form in forms}) == len(set(forms))


@given(TEXT, TEXT)
@example("a" * 120, "a" * 121)
@example("a" * 200 + "b", "a" * 200 + "c")
@example("..", "~2e~2e")
def test_different_ids_have_different_keys(one, other):
    assert (encoded(one) == encoded(other)) == (one == other)


def test_the_spread_of_an_id_begins_as_its_folder():
    # printf ada | sha256sum: fdee43…
    assert spread("ada") == 0xFDEE
    assert user_key("ada") == "users/fd/ada"
