import pytest

from jobs.publish.formats import FORMATS
from jobs.store.media_types import TYPES, media_type


@pytest.mark.parametrize(
    ("key", "type_"),
    [
        ("reports/2026-06-28/index.html", "text/html; charset=utf-8"),
        ("playlists/runs/r/playlists/ann.b.jspf", "application/json"),
        ("playlists/runs/r/SHA256SUMS", "text/plain; charset=utf-8"),
        ("models/content/v/weights.npz", "application/octet-stream"),
        ("a.html/odd", "application/octet-stream"),
        ("odd", "application/octet-stream"),
    ],
)
def test_the_ending_says_what_it_is(key, type_):
    assert media_type(key) == type_


@pytest.mark.parametrize("ending", FORMATS)
def test_each_format_of_a_list_has_a_type(ending):
    assert f".{ending}" in TYPES
