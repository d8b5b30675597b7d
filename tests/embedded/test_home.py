from configparser import RawConfigParser

from jobs.embedded.home import AirflowHome

DATABASE = "postgresql+psycopg2://postgres:@/postgres?host=/somewhere"


def written(home, settings, nightly=False):
    home.write_config(settings, DATABASE, 8123, nightly)
    parser = RawConfigParser()
    parser.read(home.folder / "airflow.cfg")
    return parser


def test_secrets_are_made_once_and_are_their_owners_only(settings):
    home = AirflowHome.of(settings)
    first = (home.password(), home.secret("fernet"), home.secret("jwt"))
    assert len(set(first)) == 3
    assert (home.password(), home.secret("fernet"), home.secret("jwt")) == first
    written(home, settings)
    for path in (home.password_file, *home.folder.glob("*.key"), home.folder / "airflow.cfg"):
        assert path.stat().st_mode & 0o077 == 0


def test_the_configuration_is_a_laptops(settings):
    parser = written(AirflowHome.of(settings), settings)
    assert parser["api"]["host"] == "127.0.0.1"
    assert parser["core"]["execution_api_server_url"] == "http://127.0.0.1:8123/execution/"
    assert parser["core"]["parallelism"] == "3"
    assert parser["database"]["sql_alchemy_conn"] == DATABASE
    assert parser["database"]["sql_alchemy_conn_async"].startswith("postgresql+asyncpg://")
    assert parser["scheduler"]["use_job_schedule"] == "False"
    assert parser["workers"]["execution_api_timeout"] == "60"


def test_nightly_lets_the_scheduler_make_runs(settings):
    home = AirflowHome.of(settings)
    parser = written(home, settings, nightly=True)
    assert parser["scheduler"]["use_job_schedule"] == "True"
    assert home.is_nightly()
