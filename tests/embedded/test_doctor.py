import boto3
import pytest

from jobs.embedded import doctor
from jobs.embedded.doctor import GET_JAVA, check_java, health_checks, require_java
from jobs.errors import NocturneError
from jobs.store import s3
from jobs.store.s3 import S3Store


@pytest.fixture
def java(tmp_path, monkeypatch):
    """Makes JAVA_HOME a Java of the given version."""

    def install(version):
        binary = tmp_path / "bin" / "java"
        binary.parent.mkdir()
        binary.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
        binary.chmod(0o755)
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    return install


@pytest.mark.parametrize("version", ["17.0.15", "21.0.2", "21"])
def test_java_17_and_21_are_good(java, version):
    java(version)
    assert check_java().good


@pytest.mark.parametrize(
    ("version", "said"), [("1.8.0_422", "Java 8"), ("11.0.2", "11"), ("23.0.1", "23")]
)
def test_another_java_is_refused_with_how_to_get_the_right_one(java, version, said):
    java(version)
    with pytest.raises(NocturneError) as caught:
        require_java()
    assert said in str(caught.value)
    assert str(caught.value).endswith(GET_JAVA)
    assert "\n" not in str(caught.value)


def test_no_java_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    with pytest.raises(
        NocturneError, match=r"Spark needs Java and .* is not there: install Java 17 or 21"
    ):
        require_java()


def test_what_is_missing_is_named_with_its_remedy(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    monkeypatch.setattr(doctor, "MEMORY_GB", 10**6)
    monkeypatch.setattr(doctor, "DISK_GB", 10**9)
    (tmp_path / "lake").write_text("a file, not a folder")
    found = {check.name: check for check in health_checks(settings)}
    bad = {name for name, check in found.items() if not check.good}
    assert bad == {"java", "jars", "memory", "scratch", "lake", "store", "home", "temporary"}
    assert f"{tmp_path}/lake: Not a directory: set NOCTURNE__LAKE__ROOT" in found["lake"].text
    for name, setting in (("home", "NOCTURNE__HOME"), ("scratch", "NOCTURNE__SPARK__SCRATCH_DIR")):
        assert f" GB free: free some, or set {setting} to a folder" in found[name].text


def test_what_a_killed_spark_has_left_is_told_with_its_size(settings, monkeypatch):
    monkeypatch.setattr(doctor, "leftovers", lambda folder: [folder / "blockmgr-1"])
    monkeypatch.setattr(doctor, "size", lambda _: 3 * 1024**3)
    assert "left 3.0 GB, which the next night removes" in checks(settings, monkeypatch)["scratch"].text
    monkeypatch.setenv("SPARK_LOCAL_DIRS", str(settings.home))
    assert "to be removed by whoever owns" in checks(settings, monkeypatch)["scratch"].text


@pytest.fixture
def on_s3(s3_server, settings, monkeypatch):
    """Settings whose lake and store are in one bucket."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    boto3.client("s3", endpoint_url=s3_server.endpoint_url, region_name="us-east-1").create_bucket(
        Bucket="doctored"
    )
    lake = settings.lake.model_copy(update={"root": "s3://doctored/lake"})
    store = settings.store.model_copy(update={"root": "s3://doctored/store"})
    return settings.model_copy(update={"lake": lake, "store": store, "s3": s3_server})


def checks(settings, monkeypatch):
    monkeypatch.setattr(doctor, "jar_files", lambda _: ["/jars/delta/a.jar"])
    return {check.name: check for check in health_checks(settings)}


def test_buckets_that_are_there_are_good(on_s3, monkeypatch):
    found = checks(on_s3, monkeypatch)
    assert (found["lake"].good, found["lake"].text) == (True, "s3://doctored/lake (written)")
    assert (found["store"].good, found["store"].text) == (True, "s3://doctored/store (written)")


@pytest.mark.parametrize("name", ["lake", "store"])
def test_a_bucket_that_is_not_there_is_bad(on_s3, monkeypatch, name):
    absent = getattr(on_s3, name).model_copy(update={"root": "s3://absent/x"})
    found = checks(on_s3.model_copy(update={name: absent}), monkeypatch)
    assert not found[name].good
    assert "check that the bucket is there" in found[name].text


def test_a_store_that_ignores_conditions_is_bad(on_s3, monkeypatch):
    monkeypatch.setattr(S3Store, "_put_if", lambda *_: True)
    monkeypatch.setattr(s3, "_KEEPS_CONDITIONS", set())
    found = checks(on_s3, monkeypatch)
    for name in ("lake", "store"):
        assert not found[name].good
        assert "ignores conditional writes" in found[name].text
