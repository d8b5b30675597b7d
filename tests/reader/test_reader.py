"""The reader on what the publish stage really writes, on a folder and on S3."""

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import boto3
import nocturne_reader
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nocturne_reader import DamagedError, NotPublishedError
from nocturne_reader.keys import pack_key, user_key
from nocturne_reader.roots import Folder

from jobs.publish import keys
from jobs.publish.stage import publish
from jobs.settings import StoreSettings
from jobs.stage import Night
from jobs.window import Window
from tests.publish.nights import NIGHT, row, write_playlists

READER = Path(__file__).parents[2] / "reader"
HOSTILE = "../../etc/passwd\n\"é' <b>"
LONG = "long" * 100
BEFORE = NIGHT - timedelta(days=1)


@pytest.fixture
def published(settings):
    """Each document an object."""
    return publish_two(settings, "files", "files")


@pytest.fixture(params=["files", "packs", "files, then packs", "packs, then files"])
def in_any_layout(settings, request):
    """In one layout or in two."""
    before, _, then = request.param.partition(", then ")
    return publish_two(settings, before, then or before)


@pytest.fixture
def in_packs(settings):
    """All in packs."""
    return publish_two(settings, "packs", "packs")


def publish_two(settings, *layouts: str) -> Path:
    """Two nights; on the older one ada's list was another, and the hostile listener had none."""
    write_playlists(settings, {"ada": [row(1, "t1"), row(2, "t2")]}, BEFORE)
    write_playlists(
        settings,
        {
            "ada": [row(1, "t3"), row(2, "t1"), row(1, "t5", playlist="rediscover")],
            HOSTILE: [row(1, "t9")],
            LONG: [row(1, "t8")],
        },
    )
    for as_of, layout in zip((BEFORE, NIGHT), layouts, strict=True):
        store = StoreSettings(root=settings.store.root, formats=("jspf", "m3u8", "csv"), layout=layout)
        publish(Night(Window.night(as_of), settings.model_copy(update={"store": store})))
    return Path(settings.store.root)


def test_the_newest_list_is_the_published_document(published):
    night = nocturne_reader.latest(str(published))
    assert (night.as_of, night.n_listeners) == ("2026-06-28", 3)
    found = night.for_user("ada")
    assert [track["track_id"] for track in found["tracks"]] == ["t3", "t1"]
    [document] = published.glob(f"playlists/runs/{NIGHT}-*/users/*/ada.json")
    assert found == json.loads(document.read_bytes())
    assert night.for_user("nobody") is None


@pytest.mark.parametrize(("user", "track"), [(HOSTILE, "t9"), (LONG, "t8")])
def test_any_id_finds_its_own(in_any_layout, user, track):
    assert nocturne_reader.latest(str(in_any_layout)).for_user(user)["tracks"][0]["track_id"] == track


def test_another_list_is_named(in_any_layout):
    night = nocturne_reader.latest(str(in_any_layout))
    found = night.for_user("ada", "rediscover")
    assert (found["playlist"], [track["track_id"] for track in found["tracks"]]) == (
        "rediscover",
        ["t5"],
    )
    assert b"t5" in night.document("ada", "m3u8", playlist="rediscover")
    assert night.for_user("ada", "new_releases") is None
    root = str(in_any_layout)
    assert [old["as_of"] for old in nocturne_reader.history(root, "ada", "rediscover")] == ["2026-06-28"]


def test_nights_are_in_order_and_a_history_is_newest_first(in_any_layout):
    root = str(in_any_layout)
    assert [night.as_of for night in nocturne_reader.nights(root)] == ["2026-06-27", "2026-06-28"]
    assert [old["as_of"] for old in nocturne_reader.history(root, "ada")] == ["2026-06-28", "2026-06-27"]
    assert [old["as_of"] for old in nocturne_reader.history(root, HOSTILE)] == ["2026-06-28"]


def test_what_is_new_tonight_was_not_on_the_list_before(in_any_layout):
    assert nocturne_reader.new_tonight(str(in_any_layout), "ada") == ["t3"]
    assert nocturne_reader.new_tonight(str(in_any_layout), HOSTILE) == ["t9"]
    assert nocturne_reader.new_tonight(str(in_any_layout), "nobody") == []


def test_every_published_format_is_there(in_any_layout):
    night = nocturne_reader.latest(str(in_any_layout))
    assert json.loads(night.document("ada", "jspf"))["playlist"]["creator"] == "Nocturne"
    assert night.document("ada", "m3u8").startswith(b"#EXTM3U\n")
    assert b"rank,play_order" in night.document("ada", "csv")
    assert night.document("ada", "xspf") is None


@pytest.mark.parametrize("damage", [lambda file: file.write_bytes(b"{}"), lambda file: file.unlink()])
def test_a_damaged_document_is_told(published, damage):
    [document] = published.glob(f"playlists/runs/{NIGHT}-*/users/*/ada.json")
    damage(document)
    night = nocturne_reader.latest(str(published))
    with pytest.raises(DamagedError, match=r"ada\.json is not what was published"):
        night.for_user("ada")


# SHA-256 of ada begins with f.
@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("f.pack", lambda file: file.write_bytes(file.read_bytes().replace(b"t3", b"t9"))),
        ("f.pack", lambda file: file.write_bytes(file.read_bytes()[:10])),
        ("f.pack", lambda file: file.unlink()),
        ("f.json", lambda file: file.write_bytes(file.read_bytes().replace(b"ada", b"eve"))),
        ("f.json", lambda file: file.write_bytes(b"")),
        ("f.json", lambda file: file.unlink()),
    ],
    ids=["changed", "cut off", "gone", "another's", "empty", "no index"],
)
def test_a_damaged_pack_or_index_is_told(in_packs, name, damage):
    [file] = in_packs.glob(f"playlists/runs/{NIGHT}-*/packs/{name}")
    damage(file)
    with pytest.raises(DamagedError, match=rf"{name} is not what was published"):
        nocturne_reader.latest(str(in_packs)).for_user("ada")


def test_of_a_pack_the_index_is_read_once_and_then_one_lists_bytes(in_packs, monkeypatch):
    night = nocturne_reader.latest(str(in_packs))
    wholes, parts = [], []
    get, part = Folder.get, Folder.part
    monkeypatch.setattr(Folder, "get", lambda *a: (wholes.append(a[1]), get(*a))[1])
    monkeypatch.setattr(Folder, "part", lambda *a: (parts.append(a[1:]), part(*a))[1])
    first, second = night.document("ada"), night.document("ada", "csv")
    assert night.document("ada", "xspf") is None
    run = f"playlists/runs/{night.publish_id}"
    assert wholes == [f"{run}/{name}" for name in ("manifest.json", "packs/f.json", "packs/SHA256SUMS")]
    # A list's JSON is its first document, its other formats are in the order of their names.
    assert parts == [
        (f"{run}/packs/f.pack", 0, len(first)), (f"{run}/packs/f.pack", len(first), len(second)),
    ]  # fmt: skip


def test_damaged_checksums_are_told(published):
    [sums] = published.glob(f"playlists/runs/{NIGHT}-*/SHA256SUMS")
    sums.write_bytes(sums.read_bytes() + b"0  users/00/mallory.json\n")
    with pytest.raises(DamagedError, match="SHA256SUMS"):
        nocturne_reader.latest(str(published)).for_user("ada")
    assert nocturne_reader.latest(str(published)).for_user("ada", verify=False)["user_id"] == "ada"


def test_a_later_schema_is_refused_with_the_remedy(published):
    pointer = published / "playlists" / "latest.json"
    pointer.write_text(json.dumps(json.loads(pointer.read_text()) | {"schema_version": 3}))
    with pytest.raises(DamagedError, match="version 3, this reader knows 1 and 2: renew it"):
        nocturne_reader.latest(str(published))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}"])
def test_what_is_no_document_is_told(published, body):
    (published / "playlists" / "index.json").write_bytes(body)
    with pytest.raises(DamagedError, match=r"index\.json is no document of Nocturne"):
        nocturne_reader.nights(str(published))


def test_where_nothing_is_published_it_says_where_it_looked(tmp_path):
    with pytest.raises(NotPublishedError, match=str(tmp_path)):
        nocturne_reader.latest(str(tmp_path))


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=200))
def test_keys_are_those_that_nocturne_writes(user_id):
    assert user_key(user_id) == keys.user_key(user_id)
    assert pack_key(user_id, 4) == f"packs/{keys.spread(user_id):04x}"
    assert pack_key(user_id, 1) == pack_key(user_id, 4)[:7]


def test_a_folder_needs_nothing_but_python(in_any_layout):
    code = (
        "import nocturne_reader; print(nocturne_reader.latest(sys.argv[1]).for_user('ada')['n_tracks'])"
    )
    # -I and -S: no installed package is on the path.
    path = f"import sys; sys.path.insert(0, {str(READER)!r}); {code}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", path, str(in_any_layout)], capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("2\n", "")


@pytest.fixture
def s3(s3_server, monkeypatch):
    """A client of S3 as a consumer has one."""
    for name, value in {
        "AWS_ENDPOINT_URL": s3_server.endpoint_url, "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="reader")
    return client


def upload(s3, folder: Path, prefix: str) -> str:
    for file in folder.rglob("*"):
        if file.is_file():
            s3.upload_file(str(file), "reader", f"{prefix}/{file.relative_to(folder)}")
    return f"s3://reader/{prefix}"


def test_s3_is_read_as_a_folder_is(in_any_layout, s3):
    root = upload(s3, in_any_layout, "deep/er")
    assert nocturne_reader.latest(root).for_user(HOSTILE)["tracks"][0]["track_id"] == "t9"
    assert nocturne_reader.new_tonight(root, "ada") == ["t3"]
    with pytest.raises(NotPublishedError, match=r"s3://reader/else/playlists/latest\.json"):
        nocturne_reader.latest("s3://reader/else")
    with pytest.raises(NotPublishedError, match=r"s3://absent/playlists/latest\.json: NoSuchBucket"):
        nocturne_reader.latest("s3://absent")


def test_a_damaged_pack_on_s3_is_told(in_packs, s3):
    root = upload(s3, in_packs, "damaged")
    night = nocturne_reader.latest(root)
    pack = {"Bucket": "reader", "Key": f"damaged/playlists/runs/{night.publish_id}/packs/f.pack"}
    s3.put_object(**pack, Body=b"")
    with pytest.raises(DamagedError, match=r"f\.pack is not what was published"):
        night.for_user("ada")
    s3.delete_object(**pack)
    with pytest.raises(DamagedError, match=r"f\.pack is not what was published"):
        night.for_user("ada")
    assert night.for_user("ada", verify=False) is None


def test_the_package_installs_by_itself(tmp_path):
    source = shutil.copytree(READER, tmp_path / "source")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--target", tmp_path / "there", source], check=True, capture_output=True)
    assert (tmp_path / "there" / "nocturne_reader" / "nights.py").is_file()
