import pytest

from jobs.embedded import doctor
from jobs.embedded.doctor import GET_JAVA, check_java, findings, require_java
from jobs.errors import NocturneError


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
    found = {finding.name: finding for finding in findings(settings)}
    bad = {name for name, finding in found.items() if not finding.good}
    assert bad == {"java", "jars", "memory", "disk", "lake"}
    assert "set NOCTURNE__LAKE__ROOT" in found["lake"].text
    assert "set NOCTURNE__HOME" in found["disk"].text


def test_a_bucket_is_not_tried(settings):
    lake = settings.lake.model_copy(update={"root": "s3://bucket/lake"})
    found = {finding.name: finding for finding in findings(settings.model_copy(update={"lake": lake}))}
    assert found["lake"].good
