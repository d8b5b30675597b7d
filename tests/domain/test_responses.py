import re
from datetime import date

import pytest

from jobs.domain.responses import BLOCKS, OUTCOMES, PLAYLIST_PATTERN, playlist_id


def test_outcomes_are_these_words_from_the_weakest_to_the_strongest():
    words = "not_reached started skipped played repeated liked disliked blocked"
    assert " ".join(OUTCOMES) == words
    assert BLOCKS == ("block_track", "block_artist")


def test_the_night_of_a_list_is_read_back_from_its_identifier():
    name = playlist_id(date(2026, 6, 28))
    assert name == "urn:nocturne:playlist:2026-06-28"
    assert re.fullmatch(PLAYLIST_PATTERN, name).group(1) == "2026-06-28"


@pytest.mark.parametrize(
    "other",
    ["spotify:playlist:2026-06-28", "urn:nocturne:playlist:", "urn:nocturne:playlist:2026-06-28x", ""],
)
def test_another_playlist_is_of_no_night(other):
    assert re.search(PLAYLIST_PATTERN, other) is None
