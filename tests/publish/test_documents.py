import json
from pathlib import Path

import jsonschema
import pytest

from jobs.publish.documents import jspf, playlist_json
from tests.publish.nights import by_neighbors, playlist, row

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "playlist-2.json").read_text())


@pytest.fixture
def document():
    return json.loads(playlist_json(playlist([by_neighbors(1, "t1"), row(2, "t2")], "é"), 2))


def test_a_playlist_keeps_its_published_schema(document):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document, SCHEMA)
    assert document["user_id"] == "é"
    assert [track["rank"] for track in document["tracks"]] == [1, 2]
    assert document["tracks"][1]["reason"]["evidence"]["like"]["title"] == "X"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.update(schema_version=1),
        lambda d: d.update(playlist="mixtape"),
        lambda d: d.pop("as_of"),
        lambda d: d.update(tracks=[]),
        lambda d: d["tracks"][0].update(strategy="magic"),
        lambda d: d["tracks"][0]["reason"].update(text=""),
        lambda d: d["tracks"][0].update(extra=1),
    ],
)
def test_the_schema_refuses_what_is_no_playlist(document, spoil):
    spoil(document)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


def test_no_playlist_names_another_listener(document):
    assert document["tracks"][0]["reason"]["evidence"] == {"n_neighbors": 1, "shared_artists": ["Z"]}
    assert b"somebody else" not in jspf(playlist([by_neighbors(1, "t1")]))


def test_jspf_has_title_creator_reason_and_a_uri():
    assert json.loads(jspf(playlist([row(1, "a b/c")]))) == {
        "playlist": {
            "title": "Discover for u, 2026-06-28",
            "identifier": "urn:nocturne:playlist:2026-06-28",
            "creator": "Nocturne",
            "annotation": "1 track you have not heard, 1 to explore. It begins with An Artist.",
            "date": "2026-06-29T00:00:00Z",
            "track": [
                {
                    "identifier": ["urn:nocturne:track:a%20b%2Fc"],
                    "title": "Title of a b/c",
                    "creator": "An Artist",
                    "annotation": "New to you.",
                }
            ],
        }
    }


KNOWN = {"album": "Songs", "release_date": "1999-02", "duration_ms": 200_100, "url": "https://x.org/t1"}


def test_both_documents_carry_what_is_known_of_a_track_and_nothing_of_what_is_not():
    rows = [row(1, "t1") | KNOWN, row(2, "t2") | dict.fromkeys(KNOWN)]
    document = json.loads(playlist_json(playlist(rows), 2))
    jsonschema.validate(document, SCHEMA)
    known, unknown = document["tracks"]
    assert {name: known[name] for name in KNOWN} == KNOWN
    assert not KNOWN.keys() & unknown.keys()
    known, unknown = json.loads(jspf(playlist(rows)))["playlist"]["track"]
    assert (known["album"], known["duration"]) == ("Songs", 200_100)
    assert known["identifier"] == ["https://x.org/t1", "urn:nocturne:track:t1"]
    assert known["extension"] == {"urn:nocturne:schema:playlist-1": [{"release_date": "1999-02"}]}
    assert not {"album", "duration", "extension"} & unknown.keys()


def test_a_document_is_of_the_end_of_its_night_and_not_of_the_clock(document):
    assert document["generated_at"] == "2026-06-29T00:00:00Z"


@pytest.mark.parametrize(
    ("name", "rows", "said"),
    [
        ("discover", [row(1, "a", artist="X", strategy="exploit", play_order=2),
                      row(2, "b", artist="Y", strategy="new_artists", play_order=1),
                      row(3, "c", artist="X"), row(4, "d", artist="Z")],
         "4 tracks you have not heard, 1 by artists new to you and 2 to explore. "
         "It begins with Y, X and Z."),
        ("discover", [row(1, "a", strategy="exploit")],
         "1 track you have not heard. It begins with An Artist."),
        ("discover", [row(1, "a", strategy="exploit"), row(2, "b", strategy="rediscover")],
         "2 tracks for you, 1 that you know. It begins with An Artist."),
        ("rediscover", [row(1, "a")],
         "1 track you played often, and not for some time. It begins with An Artist."),
        ("new_releases", [row(1, "a", release_date="2026-06"), row(2, "b", release_date="2026-06-05")],
         "2 tracks released from 2026-06 to 2026-06-05. It begins with An Artist."),
        ("new_releases", [row(1, "a")],
         "1 track released lately. It begins with An Artist."),
        ("new_releases", [row(1, "a", release_date="2026-06-05")],
         "1 track released on 2026-06-05. It begins with An Artist."),
    ],
)  # fmt: skip
def test_a_description_says_what_is_in_it_tonight(name, rows, said):
    assert json.loads(playlist_json(playlist(rows, name=name), 2))["description"] == said


def test_lists_of_a_night_differ_in_title_and_identifier():
    found = [json.loads(jspf(playlist([row(1, "t")], name=name)))["playlist"]
             for name in ("discover", "rediscover")]  # fmt: skip
    assert [one["title"] for one in found] == [
        "Discover for u, 2026-06-28",
        "Rediscover for u, 2026-06-28",
    ]
    assert [one["identifier"] for one in found] == [
        "urn:nocturne:playlist:2026-06-28", "urn:nocturne:playlist:2026-06-28:rediscover",
    ]  # fmt: skip


def test_a_jspf_is_what_the_format_asks_for():
    """xspf.org/jspf: the fields of a playlist and of a track, and their kinds."""
    document = json.loads(jspf(playlist([row(1, "t1") | KNOWN])))["playlist"]
    kinds = {
        "title": str,
        "creator": str,
        "annotation": str,
        "date": str,
        "track": list,
        "identifier": str,
    }
    assert {name: type(value) for name, value in document.items()}.items() <= kinds.items()
    of_track = {"identifier": list, "title": str, "creator": str, "album": str, "duration": int,
                "annotation": str, "extension": dict}  # fmt: skip
    (track,) = document["track"]
    assert {name: type(value) for name, value in track.items()} == of_track
    assert all(":" in uri for uri in (*track["identifier"], *track["extension"]))


def test_a_document_is_one_line_of_compact_json_in_utf_8():
    body = playlist_json(playlist([row(1, "t")], "é"), 2)
    assert body.startswith(
        b'{"schema_version":2,"as_of":"2026-06-28","generated_at":"2026-06-29T00:00:00Z","playlist":'
    )
    assert body.endswith(b"}\n")
    assert body.count(b"\n") == 1
