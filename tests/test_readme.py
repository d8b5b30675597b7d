"""The README's commands, each run as a stranger would, in their order."""

import os
import re
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
import yaml

from jobs.lake.catalog import TABLES
from jobs.settings import LakeSettings, Settings
from jobs.simulate.town import write_town
from tests.publish.nights import row, write_playlists

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text()
# What runs these tests, and cannot run itself.
NOT_FROM_HERE = {"make test"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder as a reader's clone is after the first setup, with their own logs in it, and no home."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock", ".ci", ".venv"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    town = {"n_listeners": 40, "n_tracks": 600, "first_day": date(2026, 6, 28), "nights": 1}
    write_town(tmp_path / "my_landing", **town, seed=3)
    return tmp_path


@pytest.mark.e2e
def test_every_command_runs_in_its_order_and_in_the_home_of_a_reader(folder):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NOCTURNE__")} | {
        "NOCTURNE__TOWN__N_LISTENERS": "40",
        "NOCTURNE__TOWN__N_TRACKS": "600",
        "NOCTURNE__TOWN__NIGHTS": "1",
        "NOCTURNE__AIRFLOW__PORT": "18090",
        "NOCTURNE__TRAIN__EPOCHS": "1",
    }
    for command in COMMANDS:
        if command in NOT_FROM_HERE:
            continue
        done = subprocess.run(
            command.split(), cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
    # Their own logs have a home beside the town's.
    assert (folder / ".nocturne" / "lake" / "playlists").is_dir()
    (own,) = (folder / ".nocturne" / "homes").iterdir()
    assert (own / "lake" / "playlists").is_dir()


def test_the_tables_named_are_tables():
    section = README.split("## What you can read")[1].split("## Map")[0]
    first_column = "".join(line.split("|")[1] for line in section.splitlines() if line.startswith("|"))
    named = set(re.findall(r"`([a-z_]+)`", first_column))
    assert named <= set(TABLES)
    assert {"playlists", "run_ledger", "ratings"} <= named


def test_the_settings_named_are_settings():
    for path in re.findall(r"NOCTURNE__([A-Z0-9_]+)=", README):
        section, name = path.lower().split("__")
        assert name in Settings.model_fields[section].annotation.model_fields


def test_links_lead_to_files():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert "docs/operations.md" in links
    assert [link for link in links if not (REPOSITORY / link).exists()] == []


def test_every_page_of_docs_is_reached_from_here():
    pages = {page.relative_to(REPOSITORY).as_posix() for page in (REPOSITORY / "docs").glob("*.md")}
    pages |= {"CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"}
    assert pages - set(re.findall(r"\]\(([^)#]+)\)", README)) == set()


def test_the_license_is_apaches():
    text = (REPOSITORY / "LICENSE").read_text()
    assert "Apache License" in text and "Version 2.0, January 2004" in text
    assert "9. Accepting Warranty or Additional Liability" in text


def test_what_a_contributor_is_told_to_run_is_there():
    told = (REPOSITORY / "CONTRIBUTING.md").read_text()
    targets = re.findall(r"^([a-z]+):.*##", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"make ([a-z]+)", told)) <= set(targets)
    markers = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    names = {marker.split(":")[0] for marker in markers["markers"]}
    assert names == set(re.findall(r"^\| `([a-z0-9_]+)` \|", told, re.MULTILINE))
    paths = re.findall(r"`((?:jobs|models|expectations|tests|dags)/[a-z0-9_./]*)`", told)
    assert paths and [path for path in paths if not (REPOSITORY / path).exists()] == []


def test_hosted_ci_runs_what_ci_runs():
    (job,) = yaml.safe_load((REPOSITORY / ".github/workflows/ci.yml").read_text())["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert os.access(REPOSITORY / ".ci/run", os.X_OK)


def test_the_snippet_prints_one_night_of_one_listener_by_rank_without_the_net(settings, tmp_path):
    """As a script, in the folder of a reader, several times: none may end but cleanly."""
    settings = settings.model_copy(update={"lake": LakeSettings(root=f"{tmp_path}/.nocturne/lake")})
    names = {"listener-00007": ("b", "a"), "listener-00008": ("c",)}
    for night in (date(2026, 6, 27), date(2026, 6, 28)):
        lists = {
            user: [row(2 - n, f"{track}-{night.day}") for n, track in enumerate(tracks)]
            for user, tracks in names.items()
        }
        write_playlists(settings, lists, night)
    (snippet,) = blocks("python")
    offline = dict.fromkeys(
        ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"
    )
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", snippet],
            cwd=tmp_path, env=os.environ | offline, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert re.findall(r"Title of (\S+)", done.stdout) == ["a-28", "b-28"]
