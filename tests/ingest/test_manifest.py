import json

import pytest

from jobs.ingest.arrival import StillLandingError
from jobs.ingest.landing import Root, list_landing
from jobs.ingest.manifest import check_manifests, with_promised_rows
from jobs.ingest.reading import read_file
from tests.ingest.reader import DAY, json_lines, listen, put

BODY = json_lines(listen(), b"oops", listen(listen_id="a-2"))


def promise(tmp_path, *files: dict) -> None:
    put(tmp_path, "listens", "_MANIFEST.json", json.dumps({"files": files, "by": "a writer"}).encode())


def check(tmp_path) -> None:
    root = Root(str(tmp_path))
    check_manifests(root, list_landing(root), [DAY])


def census(tmp_path) -> dict:
    root = Root(str(tmp_path))
    landing = list_landing(root)
    (file,) = with_promised_rows(root, landing, landing.files)
    *_, last = (row for batch in read_file(root, file) for row in batch.to_pylist())
    return json.loads(last["census"])


def test_what_is_as_promised_passes_and_the_manifest_is_no_data(tmp_path):
    put(tmp_path, "listens", "user=u/a.jsonl", BODY)
    promise(tmp_path, {"name": "user=u/a.jsonl", "bytes": len(BODY), "rows": 3})
    check(tmp_path)
    assert (census(tmp_path)["rule"], census(tmp_path)["n_read"]) == (None, 3)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([{"name": "a.jsonl"}, {"name": "b.jsonl"}], "b.jsonl is in its manifest and has not landed"),
        ([{"name": "a.jsonl", "bytes": 999_999}], "bytes, where its manifest says 999,999"),
        ([{"path": "a.jsonl"}], "_MANIFEST.json is no manifest, or half of one"),
        ([{"name": "a.jsonl", "bytes": -1}], "is no manifest"),
    ],
)
def test_a_landing_that_is_not_as_promised_is_still_being_written(tmp_path, files, told):
    put(tmp_path, "listens", "a.jsonl", BODY)
    promise(tmp_path, *files)
    with pytest.raises(StillLandingError, match=told):
        check(tmp_path)


def test_half_a_manifest_holds_up_its_own_day_only(tmp_path):
    put(tmp_path, "listens", "a.jsonl", BODY)
    put(tmp_path, "listens", "_MANIFEST.json", b'{"files": [{"na')
    with pytest.raises(StillLandingError, match="half of one"):
        check(tmp_path)
    root = Root(str(tmp_path))
    check_manifests(root, list_landing(root), [])
    assert census(tmp_path)["rule"] is None


def test_a_file_with_fewer_rows_than_promised_is_refused(tmp_path):
    put(tmp_path, "listens", "a.jsonl", BODY)
    promise(tmp_path, {"name": "a.jsonl", "rows": 4})
    check(tmp_path)
    found = census(tmp_path)
    assert (found["rule"], found["reason"]) == ("not as promised", "3 rows, where its manifest says 4")


def test_rows_of_a_log_are_its_records_not_its_plays(tmp_path):
    put(tmp_path, "listens", "t.csv", b"user,item,plays\na,t,3\nb,t,2\n")
    promise(tmp_path, {"name": "t.csv", "rows": 2})
    assert (census(tmp_path)["rule"], census(tmp_path)["n_read"]) == (None, 5)
