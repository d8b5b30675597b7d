"""What a session is asked for; that Spark takes it, the tests with a session show."""

import pytest

from jobs.lake import session
from jobs.lake.session import open_session, replace_file, spark_options, write_conf_dir
from jobs.settings import LakeSettings, LandingSettings, S3Settings, SparkSettings

S3_OPTIONS = {
    "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
    "spark.hadoop.fs.s3a.endpoint.region": "eu-west-3",
    "spark.hadoop.fs.s3a.path.style.access": "false",
    "spark.hadoop.fs.s3a.aws.credentials.provider": (
        "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider"
    ),
}


@pytest.fixture
def jars(monkeypatch):
    monkeypatch.setattr(session, "jar_files", lambda _: ["/jars/a.jar", "/jars/b.jar"])


def s3_options(settings) -> dict[str, str]:
    return {name: value for name, value in spark_options(settings).items() if ".s3" in name}


def test_options_are_those_of_the_settings(settings, jars):
    chosen = SparkSettings(driver_memory="7g", shuffle_partitions=11)
    options = spark_options(settings.model_copy(update={"spark": chosen, "home": "/home/ada"}))
    assert options["spark.jars"] == "/jars/a.jar,/jars/b.jar"
    assert options["spark.driver.memory"] == "7g"
    assert options["spark.sql.shuffle.partitions"] == "11"
    assert options["spark.sql.warehouse.dir"] == "/home/ada/spark/warehouse"
    assert options["spark.sql.session.timeZone"] == "UTC"
    assert options["spark.driver.extraJavaOptions"].split() == [
        "-XX:+UseParallelGC", "-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=256m",
    ]  # fmt: skip
    assert s3_options(settings) == {}


@pytest.mark.parametrize(
    "roots",
    [{"lake": LakeSettings(root="s3://b/lake")}, {"landing": LandingSettings(root="s3://b/landing")}],
)
def test_a_lake_or_a_landing_on_s3_asks_for_its_options(settings, jars, roots):
    s3 = S3Settings(region="eu-west-3", path_style=False)
    assert s3_options(settings.model_copy(update=roots | {"s3": s3})) == S3_OPTIONS
    there = S3Settings(region="eu-west-3", path_style=True, endpoint_url="http://localhost:9000")
    assert s3_options(settings.model_copy(update=roots | {"s3": there})) == S3_OPTIONS | {
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.endpoint": "http://localhost:9000",
    }


def test_the_folder_of_options_holds_one_a_line(settings, jars, tmp_path):
    settings = settings.model_copy(update={"home": str(tmp_path / "home")})
    folder = write_conf_dir(settings)
    assert folder == tmp_path / "home" / "spark" / "conf"
    lines = (folder / "spark-defaults.conf").read_text().splitlines()
    assert dict(line.split(" ", 1) for line in lines) == spark_options(settings)
    assert "rootLogger.level = error\n" in (folder / "log4j2.properties").read_text()
    assert write_conf_dir(settings) == folder
    assert len(list(folder.iterdir())) == 2


def test_a_file_is_replaced_whole_with_its_mode(tmp_path):
    path = tmp_path / "secret"
    path.write_text("old and longer")
    assert replace_file(path, "new", 0o600) == path
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert replace_file(path, "newer").stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_a_remote_that_is_named_is_connected_to(settings, jars, monkeypatch):
    monkeypatch.setenv("SPARK_REMOTE", "sc://spark:15002")
    monkeypatch.setattr(session, "connect", lambda *given: given)
    assert open_session(settings, "ingest") == (
        "sc://spark:15002", settings, "ingest", spark_options(settings),
    )  # fmt: skip
