import os
from pathlib import Path

import pytest

from jobs.embedded import fast_spark
from jobs.embedded.environment import child_environment
from jobs.embedded.fast_spark import FastSpark, installed_spark


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of the test's own, and an environment without a Spark home."""
    for name in ("SPARK_HOME", "SPARK_CONF_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(fast_spark, "jars_folder", lambda settings: tmp_path / "cache")
    return tmp_path / "cache"


def options(environment):
    lines = Path(environment["NOCTURNE_SPARK_DEFAULTS"]).read_text().splitlines()
    return dict(line.split(" ", 1) for line in lines)


def test_it_is_the_installed_spark_without_its_zips_of_python(settings):
    environment = child_environment(settings)
    home = Path(environment["SPARK_HOME"])
    assert (home / "jars").resolve() == Path(installed_spark(), "jars").resolve()
    assert os.access(home / "bin" / "spark-submit", os.X_OK)
    assert not (home / "python").exists()
    assert environment["PATH"].startswith(f"{home}/bin")
    assert list(Path(environment["SPARK_CONF_DIR"]).iterdir()) == []


def test_deltas_jars_are_on_the_class_path_and_go_to_executors(settings):
    found = options(child_environment(settings))
    assert found["spark.driver.extraClassPath"].split(":") == found["spark.jars"].split(",")
    assert "DeltaSparkSessionExtension" in found["spark.sql.extensions"]
    assert "-XX:SharedArchiveFile" not in found["spark.driver.extraJavaOptions"]


def test_the_archive_is_used_once_it_is_there(settings):
    spark = FastSpark.of(settings)
    spark.environment()
    spark.archive.touch()
    java = options(spark.environment())["spark.driver.extraJavaOptions"]
    assert f"-XX:SharedArchiveFile={spark.archive}" in java


def test_an_archive_that_cannot_be_made_is_no_disaster(settings, tmp_path):
    spark = FastSpark.of(settings)
    environment = os.environ | spark.environment()
    (spark.folder / "bin" / "spark-submit").write_text("#!/bin/sh\necho no memory\nexit 1\n")
    log = tmp_path / "warm-up.log"
    assert not spark.make_archive(environment, log)
    assert log.read_text() == "no memory\n"


def test_another_java_has_another_home(settings, tmp_path, monkeypatch):
    here = FastSpark.of(settings).folder
    java = tmp_path / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\necho 'openjdk version \"21.0.2\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "java"))
    assert FastSpark.of(settings).folder != here


@pytest.mark.parametrize("name", ["SPARK_HOME", "SPARK_CONF_DIR"])
def test_a_persons_own_spark_is_kept(settings, monkeypatch, tmp_path, name):
    monkeypatch.setenv(name, str(tmp_path))
    environment = child_environment(settings)
    assert environment[name] == str(tmp_path)
    assert "NOCTURNE_SPARK_DEFAULTS" not in environment
