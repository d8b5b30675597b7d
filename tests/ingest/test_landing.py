import gzip
import io
import os
from datetime import date

import pyarrow as pa
import pytest
from pyarrow import fs

from jobs.errors import NocturneError
from jobs.ingest.arrival import StillLandingError, check_arrival, check_unchanged
from jobs.ingest.formats import streams
from jobs.ingest.landing import LandedFile, Landing, Root, list_landing
from jobs.ingest.reading import read_file
from jobs.settings import IngestSettings, LandingSettings, S3Settings
from jobs.window import Window
from tests.ingest.reader import DAY, json_lines, listen, put, read

PLACE = "listens/date=2026-06-28"
WINDOW = Window.night(DAY)


def file(name="listens/date=2026-06-28/a.jsonl", modified=1000.0, fingerprint="1") -> LandedFile:
    return LandedFile(name, name.split("/")[0], DAY, 10, fingerprint, modified)


def test_what_is_a_landed_file_and_what_is_not(tmp_path):
    for name in ("b.jsonl", "a.csv", "_SUCCESS", ".hidden.jsonl", "_temp/x.jsonl", "c.jsonl.tmp"):
        put(tmp_path, "listens", name, b"{}")
    put(tmp_path, "tracks", "user=x/t.parquet", b"")
    for stray in (
        "listens/loose.jsonl",
        "listens/date=2026-6-28/x.jsonl",
        "listens/date=2026-02-30/x.csv",
        "features/date=2026-06-28/f.csv",
        "features/date=2026-06-28/_MANIFEST.json",
        "features/date=2026-06-28/_SUCCESS",
        "_backup/date=2026-06-28/f.csv",
        "date=2026-06-28/listens/x.csv",
        "notes/of/mine.txt",
    ):
        path = tmp_path / stray
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (tmp_path / "videos" / "date=2026-06-28").mkdir(parents=True)
    landing = list_landing(Root(str(tmp_path)))
    day = "date=2026-06-28"
    assert [f.name for f in landing.files] == [
        f"listens/{day}/a.csv", f"listens/{day}/b.jsonl", f"tracks/{day}/user=x/t.parquet",
    ]  # fmt: skip
    first = landing.files[0]
    assert (first.kind, first.landed_on, first.size) == ("listens", date(2026, 6, 28), 2)
    assert landing.ignored == [
        "date=2026-06-28/listens/x.csv", "features/date=2026-06-28/f.csv",
        "listens/date=2026-02-30/x.csv", "listens/date=2026-6-28/x.jsonl", "listens/loose.jsonl",
    ]  # fmt: skip
    assert landing.unfinished == [f"listens/{day}/c.jsonl.tmp"]
    assert landing.complete == {("listens", DAY)} and landing.manifests == set()


@pytest.mark.parametrize(
    "name", ["a.zip.crdownload", "a.csv.part", "a.csv.opdownload", "a.json.download"]
)
def test_a_download_that_goes_on_is_told_by_its_name(tmp_path, name):
    put(tmp_path, "listens", f"user=a/{name}", b"{}")
    landing = list_landing(Root(str(tmp_path)))
    assert (landing.files, landing.unfinished) == ([], [f"{PLACE}/user=a/{name}"])


def test_the_log_of_a_player_is_data_though_its_name_begins_with_a_point(tmp_path):
    for name in (".scrobbler.log", ".scrobbler.log.swp", ".other.log"):
        put(tmp_path, "listens", f"user=a/{name}", b"#")
    assert [f.name for f in list_landing(Root(str(tmp_path))).files] == [
        f"{PLACE}/user=a/.scrobbler.log"
    ]


@pytest.mark.parametrize("kind", ["listens", "tracks"])
@pytest.mark.parametrize(
    "name",
    ["~$h.xlsx", "h.csv~", "Thumbs.db", "desktop.ini", "Icon\r", "h.lnk", "$RECYCLE.BIN/x.csv"],
)
def test_what_a_system_leaves_behind_is_passed_over_and_told(tmp_path, kind, name):
    rows, census = read(tmp_path, kind, f"user=a/{name}", b"x\n1\n2\n")
    assert (rows, census["rule"], census["n_read"]) == ([], None, 0)
    assert census["notes"][0].startswith("passed over")


def test_an_error_of_the_disk_or_the_network_is_no_damaged_file(tmp_path, monkeypatch):
    name = f"{PLACE}/a.jsonl.gz"
    put(tmp_path, "listens", "a.jsonl.gz", gzip.compress(json_lines(listen())))
    (landed,) = [file for file in list_landing(Root(str(tmp_path))).files if file.name == name]

    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell() >= streams.HEAD or size > streams.HEAD:
                raise OSError("AWS Error NETWORK_CONNECTION during GetObject operation")
            return super().read(size)

    whole = gzip.compress(json_lines(listen()))
    monkeypatch.setattr(Root, "open_file", lambda *_: pa.PythonFile(Broken(whole), mode="r"))
    with pytest.raises(OSError, match="NETWORK_CONNECTION"):
        list(read_file(Root(str(tmp_path)), landed))


def test_a_file_written_again_has_another_fingerprint(tmp_path):
    path = put(tmp_path, "listens", "a.jsonl", b"{}")
    before = list_landing(Root(str(tmp_path))).files[0].fingerprint
    assert list_landing(Root(str(tmp_path))).files[0].fingerprint == before
    path.write_bytes(b"[]")
    assert list_landing(Root(str(tmp_path))).files[0].fingerprint != before


def test_a_name_that_is_no_text_is_ignored_and_told(tmp_path):
    folder = put(tmp_path, "listens", "a.jsonl", b"").parent
    with open(os.fsencode(folder) + b"/\xff.jsonl", "wb"):  # noqa: PTH123
        pass
    landing = list_landing(Root(str(tmp_path)))
    assert [file.name for file in landing.files] == [f"{PLACE}/a.jsonl"]
    assert landing.ignored == [f"'{PLACE}/\\udcff.jsonl'"]


def test_no_folder_is_an_empty_landing(tmp_path):
    assert list_landing(Root(str(tmp_path / "nowhere"))) == Landing()


@pytest.mark.parametrize(
    ("landing", "settings", "now", "told"),
    [
        (Landing([file()]), IngestSettings(needs_success=True), 0, "neither _SUCCESS nor _M"),
        (Landing([file()], unfinished=[f"{PLACE}/b.csv.tmp"]), IngestSettings(), 0, "b.csv.tmp"),
        (Landing([file(modified=1000)]), IngestSettings(quiet_s=60), 1059, "59 s ago"),
        (Landing([file(modified=1000)]), IngestSettings(quiet_s=60), 990, "0 s ago"),
        # The newest file of the night counts.
        (Landing([file(modified=1000), file("listens/date=2026-06-28/b.jsonl", 1050)]),
         IngestSettings(quiet_s=60), 1080, "b.jsonl was written 30 s ago"),
    ],
)  # fmt: skip
def test_a_night_still_being_written_is_told(landing, settings, now, told):
    with pytest.raises(StillLandingError, match=told):
        check_arrival(landing, WINDOW, settings, now)


@pytest.mark.parametrize(
    ("landing", "settings", "now"),
    [
        (Landing([file()]), IngestSettings(), 0),
        (Landing([file()], complete={("listens", DAY)}), IngestSettings(needs_success=True), 0),
        (Landing([file()], manifests={("listens", DAY)}), IngestSettings(needs_success=True), 0),
        (Landing([file()], unfinished=["listens/date=2026-06-27/b.csv.tmp"]), IngestSettings(), 0),
        (Landing([file(modified=1000)]), IngestSettings(quiet_s=60), 1060),
        # What one listener's browser has left behind keeps nobody waiting.
        (Landing([file()], unfinished=[f"{PLACE}/user=a/b.zip.crdownload"]), IngestSettings(), 0),
    ],
)
def test_a_night_that_is_complete_passes(landing, settings, now):
    check_arrival(landing, WINDOW, settings, now)


def test_waiting_helps_so_the_scheduler_may_retry():
    assert StillLandingError.exit_code == NocturneError.exit_code == 1


def test_a_file_that_changed_while_it_was_read_is_told():
    check_unchanged([file()], Landing([file()]))
    for now in (Landing([file(fingerprint="2")]), Landing()):
        with pytest.raises(StillLandingError, match=r"a\.jsonl was written while it was read"):
            check_unchanged([file()], now)


@pytest.fixture
def client(s3_server, monkeypatch):
    """A client of the S3 server, with an empty bucket ``landed``."""
    import boto3

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    client = boto3.client("s3", endpoint_url=s3_server.endpoint_url, region_name=s3_server.region)
    client.create_bucket(Bucket="landed")
    yield client
    for entry in client.list_objects_v2(Bucket="landed").get("Contents", []):
        client.delete_object(Bucket="landed", Key=entry["Key"])
    client.delete_bucket(Bucket="landed")


def test_a_bucket_is_listed_and_read_like_a_folder(s3_server, settings, client):
    key = "in/listens/date=2026-06-28/a.jsonl.gz"
    client.put_object(Bucket="landed", Key=key, Body=gzip.compress(json_lines(listen())))
    client.put_object(Bucket="landed", Key="in/listens/date=2026-06-28/", Body=b"")
    client.put_object(Bucket="landed", Key="in/tracks/loose.jsonl", Body=b"")
    on_s3 = settings.model_copy(
        update={"landing": LandingSettings(root="s3://landed/in"), "s3": s3_server}
    )
    root = Root.of(on_s3)
    landing = list_landing(root)
    assert [f.name for f in landing.files] == ["listens/date=2026-06-28/a.jsonl.gz"]
    assert landing.ignored == ["tracks/loose.jsonl"]
    rows = [row for batch in read_file(root, landing.files[0]) for row in batch.to_pylist()]
    assert [row["user_id"] for row in rows] == ["u", None]
    client.put_object(Bucket="landed", Key=key, Body=gzip.compress(json_lines(listen(user_id="v"))))
    assert list_landing(root).files[0].fingerprint != landing.files[0].fingerprint


@pytest.mark.parametrize("prefix", ["", "in"])
def test_what_lies_beside_the_kinds_is_told_of_a_bucket_as_of_a_folder(
    tmp_path, s3_server, client, prefix
):
    day = "date=2026-06-28"
    names = (
        f"listens/{day}/a.jsonl", f"Listens/{day}/a.csv", f"listen/{day}/user=a/a.csv", f"{day}/a.csv",
        f"track/{day}/b.csv", "track/readme.txt", f"_old/{day}/c.csv", "lake/x/a.parquet", "loose.csv",
    )  # fmt: skip
    for name in names:
        client.put_object(Bucket="landed", Key=f"{prefix}/{name}".lstrip("/"), Body=b"")
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    landings = [
        list_landing(Root(f"landed/{prefix}".rstrip("/"), s3_server)),
        list_landing(Root(str(tmp_path))),
    ]
    for landing in landings:
        assert [file.name for file in landing.files] == [f"listens/{day}/a.jsonl"]
        assert landing.ignored == [
            f"Listens/{day}/a.csv", f"{day}/a.csv", f"listen/{day}/user=a/a.csv", f"track/{day}/b.csv",
            "track/readme.txt",
        ]  # fmt: skip


def test_a_bucket_is_not_searched_for_ever_for_misnamed_kinds(s3_server, client, monkeypatch):
    monkeypatch.setattr("jobs.ingest.landing.MAX_OTHERS", 2)
    for folder in ("a", "b", "c", "listens"):
        client.put_object(Bucket="landed", Key=f"{folder}/date=2026-06-28/x.csv", Body=b"")
    landing = list_landing(Root("landed", s3_server))
    assert landing.ignored == ["a/date=2026-06-28/x.csv", "b/date=2026-06-28/x.csv"]
    assert [file.name for file in landing.files] == ["listens/date=2026-06-28/x.csv"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (S3Settings(), {"region": "us-east-1", "scheme": "https", "force_virtual_addressing": True}),
        (S3Settings(path_style=True), {"region": "us-east-1", "scheme": "https"}),
        (
            S3Settings(endpoint_url="http://minio:9000", region="here"),
            {"region": "here", "scheme": "http", "endpoint_override": "minio:9000"},
        ),
    ],
)
def test_a_bucket_is_reached_by_the_settings_and_over_https_unless_they_say_otherwise(
    settings, expected
):
    assert Root("bucket", settings).filesystem() == fs.S3FileSystem(**expected)
