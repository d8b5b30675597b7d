"""Jars are those that were pinned, or none."""

import hashlib
import re
from pathlib import Path

import pytest

from jobs.errors import NocturneError
from jobs.lake import jars
from jobs.lake.jars import DIGESTS_FILE, IVY_FILE, jar_sets, jars_folder, resolve
from jobs.settings import LakeSettings, LandingSettings

# A Java that "downloads": it writes one jar where Ivy is told to retrieve to.
JAVA = """#!/bin/sh
for last; do :; done
mkdir -p "$(dirname "$last")"
printf 'bytes' > "$(dirname "$last")/good-1.0.jar"
"""


@pytest.fixture
def pinned(tmp_path, settings, monkeypatch):
    """Pins good-1.0.jar by a digest, and resolves; returns the folder's jars."""
    java = tmp_path / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(JAVA)
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(java.parents[1]))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def resolved(lines: str) -> list[Path]:
        digests = tmp_path / "jars.sha256"
        digests.write_text(lines)
        monkeypatch.setattr(jars, "DIGESTS_FILE", digests)
        return resolve(settings, "delta")

    return resolved


def test_every_jar_has_a_digest():
    ivy = re.findall(r'name="([^"]+)" rev="([^"]+)"', IVY_FILE.read_text())
    lines = [line.split() for line in DIGESTS_FILE.read_text().splitlines()]
    assert {f"{name}-{version}.jar" for name, version in ivy} == {name for _, name in lines}
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest, _ in lines)


def test_a_jar_as_pinned_is_kept(pinned):
    (jar,) = pinned(f"{hashlib.sha256(b'bytes').hexdigest()}  good-1.0.jar\n")
    assert jar.read_bytes() == b"bytes"


@pytest.mark.parametrize("lines", [f"{hashlib.sha256(b'other').hexdigest()}  good-1.0.jar\n", ""])
def test_another_jar_is_refused_by_name_and_nothing_kept(pinned, tmp_path, lines):
    with pytest.raises(NocturneError, match=r"not those that .*: good-1\.0\.jar; delete .*ivy"):
        pinned(lines)
    assert list((tmp_path / "cache").rglob("*.jar")) == []


@pytest.mark.parametrize(
    ("lake", "landing", "sets"),
    [
        ("/lake", "/landing", ["delta"]),
        ("s3://bucket/lake", "/landing", ["delta", "s3"]),
        ("/lake", "s3://bucket/landing", ["delta", "s3"]),
    ],
)
def test_the_jars_of_s3_are_fetched_only_where_a_root_is_there(settings, lake, landing, sets):
    roots = {"lake": LakeSettings(root=lake), "landing": LandingSettings(root=landing)}
    assert jar_sets(settings.model_copy(update=roots)) == sets


def test_jars_are_kept_where_the_settings_say_else_in_the_cache(settings, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert jars_folder(settings) == Path("/cache/nocturne/jars")
    spark = settings.spark.model_copy(update={"jars_dir": "/jars"})
    assert jars_folder(settings.model_copy(update={"spark": spark})) == Path("/jars")
