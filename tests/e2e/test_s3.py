"""One night with the lake and the store on a server that speaks S3: Spark's s3a, delta-rs and boto3."""

import json
import os
import subprocess
import sys
from datetime import date

import boto3
import pytest

from jobs.lake.arrow import table_rows
from jobs.settings import LakeSettings, S3Settings, Settings, StoreSettings
from jobs.simulate.town import write_town
from jobs.store import open_store

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]
DAY = date(2026, 6, 28)
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def test_a_night_on_s3(s3_server: S3Settings, tmp_path, monkeypatch):
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    bucket = boto3.client("s3", endpoint_url=s3_server.endpoint_url, region_name="us-east-1")
    bucket.create_bucket(Bucket="nocturne")
    write_town(tmp_path / "landing", n_listeners=12, n_tracks=300, first_day=DAY, nights=1, seed=7)
    # This process may have a session of its own, whose configuration is not the night's.
    outside = {name: value for name, value in os.environ.items() if "SPARK" not in name}
    night = subprocess.run(
        [sys.executable, "-m", "tests.e2e.one_night", str(DAY)],
        env=outside
        | KEYS
        | {
            "NOCTURNE__HOME": str(tmp_path / "home"),
            "NOCTURNE__LANDING__ROOT": str(tmp_path / "landing"),
            "NOCTURNE__LAKE__ROOT": "s3://nocturne/lake",
            "NOCTURNE__STORE__ROOT": "s3://nocturne/store",
            "NOCTURNE__S3__ENDPOINT_URL": str(s3_server.endpoint_url),
            "NOCTURNE__S3__PATH_STYLE": "true",
            "NOCTURNE__TRAIN__EPOCHS": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert night.returncode == 0, night.stderr[-3000:]
    settings = Settings(
        lake=LakeSettings(root="s3://nocturne/lake"),
        store=StoreSettings(root="s3://nocturne/store"),
        s3=s3_server,
    )
    rows = table_rows(settings, "playlists").to_table()
    store = open_store(settings)
    latest = json.loads(store.get("playlists/latest.json") or b"")
    manifest = json.loads(store.get(f"playlists/{latest['manifest']}") or b"")
    assert latest["as_of"] == str(DAY)
    assert manifest["n_tracks"] == rows.num_rows > 0
    written = list(store.list(f"playlists/runs/{latest['publish_id']}/users/"))
    lists = {(row["user_id"], row["playlist"]) for row in rows.to_pylist()}
    assert len(written) == manifest["n_objects"] == 3 * len(lists)  # JSON, JSPF and a cover
    assert store.get(f"reports/{DAY}/index.html")
