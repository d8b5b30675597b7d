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
            "creator": "Nocturne",
            "date": "2026-06-28T00:00:00Z",
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


def test_a_document_is_one_line_of_compact_json_in_utf_8():
    body = playlist_json("é", NIGHT, [row(1, "t")])
    assert body.startswith(
        '{"schema_version":1,"as_of":"2026-06-28","user_id":"é","n_tracks":1,'.encode()
    )
    assert body.endswith(b"}\n")
    assert body.count(b"\n") == 1
