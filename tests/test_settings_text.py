"""The settings in force, in words, and the page that is made of the code."""

import os
import runpy
import sys
from pathlib import Path

import pytest

from jobs.errors import NocturneError, UsageError
from jobs.settings import Section, Settings, load_settings
from jobs.settings_text import PAGE, groups, lines, main, page


@pytest.fixture
def told(monkeypatch, tmp_path):
    """Returns the lines on some settings, the environment holding these alone."""

    def tell(part=None, **environment):
        for name in [name for name in os.environ if name.startswith("NOCTURNE__")]:
            monkeypatch.delenv(name)
        for name, value in ({"NOCTURNE__HOME": str(tmp_path)} | environment).items():
            monkeypatch.setenv(name, value)
        return [line.strip() for line in lines(load_settings(), part)]

    return tell


def test_the_page_is_what_the_code_says():
    assert PAGE.read_text() == page(), "run make docs"


def test_every_setting_is_on_the_page_once():
    names = [s.name for group in groups(Settings(), ()) for s in group.settings]
    assert len(names) == len(set(names)) > 60
    assert {"NOCTURNE__SEED", "NOCTURNE__INGEST__ARCHIVES__MB", "NOCTURNE__LAKE__ROOT"} <= set(names)
    assert all(page().count(f"| `{name}` |") == 1 for name in names)


def test_the_page_is_the_same_wherever_it_is_made(monkeypatch):
    before = page()
    monkeypatch.setenv("NOCTURNE__SEED", "7")
    monkeypatch.chdir(Path("/"))
    assert page() == before


def test_a_setting_that_is_explained_nowhere_is_named(monkeypatch):
    class Silent(Section):
        """Nothing about it."""

        depth: int = 3

    class More(Settings):
        silent: Silent = Silent()

    monkeypatch.setattr("jobs.settings_text.Settings", More)
    with pytest.raises(NocturneError, match="NOCTURNE__SILENT__DEPTH"):
        page()


def test_a_value_is_told_with_where_it_comes_from_and_its_default(told, tmp_path):
    given = {"NOCTURNE__SPARK__MASTER": "local[3]"}
    assert told("spark__m", **given)[-1:] == [
        "NOCTURNE__SPARK__MASTER=local[3]  (environment; default local[*])"
    ]
    assert told("spark__d", **given)[-1:] == ["NOCTURNE__SPARK__DRIVER_MEMORY=1536m  (default)"]
    assert told("lake__root", **given)[-1:] == [f"NOCTURNE__LAKE__ROOT={tmp_path}/lake  (default)"]


def test_a_part_of_a_section_given_as_json_is_from_the_environment(told):
    *_, line = told("id_days", NOCTURNE__INGEST='{"id_days": 2}')
    assert line == "NOCTURNE__INGEST__ID_DAYS=2  (environment; default 1)"
    *_, line = told("ingest__sources", NOCTURNE__INGEST__SOURCES__X="lastfm")
    assert line == 'NOCTURNE__INGEST__SOURCES={"x": "lastfm"}  (environment; default {})'


def test_the_meaning_stands_above(told):
    assert told("town")[0].startswith("Town: The simulated town that stands in for logs: n_listeners")


def test_a_part_of_no_name_is_said(told):
    with pytest.raises(UsageError, match=r"no setting has 'depth' in its name: `nocturne settings`"):
        told("depth")


def test_the_page_is_written_and_an_old_one_is_told(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("jobs.settings_text.PAGE", tmp_path / "settings.md")
    assert main([]) == 0
    assert (tmp_path / "settings.md").read_text() == page()
    assert main(["--check"]) == 0
    assert capsys.readouterr().err == ""
    (tmp_path / "settings.md").write_text("# Settings of old")
    assert main(["--check"]) == 1
    assert "run `make docs`" in capsys.readouterr().err
    assert (tmp_path / "settings.md").read_text() == "# Settings of old"


def test_as_a_command_it_ends_with_the_exit_code(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["settings_text", "--check"])
    monkeypatch.delitem(sys.modules, "jobs.settings_text")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("jobs.settings_text", run_name="__main__")
    assert ended.value.code == 0
