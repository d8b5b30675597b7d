import json
from pathlib import Path

import jsonschema
import pytest

from jobs.publish.documents import jspf, playlist_json
from tests.publish.nights import NIGHT, by_neighbors, row

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "playlist-1.json").read_text())


@pytest.fixture
def document():
    return json.loads(playlist_json("é", NIGHT, [by_neighbors(1, "t1"), row(2, "t2")]))


def test_a_playlist_keeps_its_published_schema(document):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document, SCHEMA)
    assert document["user_id"] == "é"
    assert [track["rank"] for track in document["tracks"]] == [1, 2]
    assert document["tracks"][1]["reason"]["evidence"]["like"]["title"] == "X"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.update(schema_version=2),
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
    assert b"somebody else" not in jspf("u", NIGHT, [by_neighbors(1, "t1")])


def test_jspf_has_title_creator_reason_and_a_uri():
    assert json.loads(jspf("u", NIGHT, [row(1, "a b/c")])) == {
        "playlist": {
            "title": "Nocturne for u, 2026-06-28",
            "identifier": "urn:nocturne:playlist:2026-06-28",
            "creator": "Nocturne",
            "annotation": "1 track, each with a reason, chosen from what had landed by 2026-06-28.",
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
    document = json.loads(playlist_json("u", NIGHT, rows))
    jsonschema.validate(document, SCHEMA)
    known, unknown = document["tracks"]
    assert {name: known[name] for name in KNOWN} == KNOWN
    assert not KNOWN.keys() & unknown.keys()
    known, unknown = json.loads(jspf("u", NIGHT, rows))["playlist"]["track"]
    assert (known["album"], known["duration"]) == ("Songs", 200_100)
    assert known["identifier"] == ["https://x.org/t1", "urn:nocturne:track:t1"]
    assert known["extension"] == {"urn:nocturne:schema:playlist-1": [{"release_date": "1999-02"}]}
    assert not {"album", "duration", "extension"} & unknown.keys()


def test_a_document_is_of_the_end_of_its_night_and_not_of_the_clock(document):
    assert document["generated_at"] == "2026-06-29T00:00:00Z"
    assert document["description"].startswith("2 tracks, each with a reason")


def test_a_jspf_is_what_the_format_asks_for():
    """xspf.org/jspf: the fields of a playlist and of a track, and their kinds."""
    playlist = json.loads(jspf("u", NIGHT, [row(1, "t1") | KNOWN]))["playlist"]
    kinds = {
        "title": str,
        "creator": str,
        "annotation": str,
        "date": str,
        "track": list,
        "identifier": str,
    }
    assert {name: type(value) for name, value in playlist.items()}.items() <= kinds.items()
    of_track = {"identifier": list, "title": str, "creator": str, "album": str, "duration": int,
                "annotation": str, "extension": dict}  # fmt: skip
    (track,) = playlist["track"]
    assert {name: type(value) for name, value in track.items()} == of_track
    assert all(":" in uri for uri in (*track["identifier"], *track["extension"]))


def test_a_document_is_one_line_of_compact_json_in_utf_8():
    body = playlist_json("é", NIGHT, [row(1, "t")])
    assert body.startswith(
        b'{"schema_version":1,"as_of":"2026-06-28","generated_at":"2026-06-29T00:00:00Z",'
    )
    assert body.endswith(b"}\n")
    assert body.count(b"\n") == 1
