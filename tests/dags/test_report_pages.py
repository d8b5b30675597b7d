"""The reports as Airflow serves them."""

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from airflow.api_fastapi.core_api.security import get_user
from fastapi.testclient import TestClient

from dags.report_pages import MOUNT, ReportPages, reports
from jobs.store import open_store


@pytest.fixture
def client(settings, monkeypatch):
    monkeypatch.setenv("NOCTURNE__STORE__ROOT", settings.store.root)
    store = open_store(settings)
    store.put("reports/2026-06-28/index.html", b"<p>ok")
    store.put("playlists/latest.json", b"{}")
    app = reports()
    app.dependency_overrides[get_user] = lambda: "ada"
    return TestClient(app)


def test_a_report_is_served_as_what_it_is_and_runs_no_script(client):
    page = client.get("/reports/2026-06-28/index.html")
    assert (page.status_code, page.content) == (200, b"<p>ok")
    assert page.headers["content-type"].startswith("text/html")
    policy = [part.split() for part in page.headers["content-security-policy"].split(";")]
    assert ["script-src", "'none'"] in policy
    assert ["default-src", "'none'"] in policy
    assert ["style-src", "'self'", "'unsafe-inline'"] in policy
    assert ["img-src", "'self'", "data:"] in policy
    assert ["sandbox", "allow-same-origin", "allow-popups"] in policy
    assert page.headers["x-content-type-options"] == "nosniff"


def test_bytes_without_a_known_ending_are_not_shown_as_a_page(client, settings):
    open_store(settings).put("reports/2026-06-28/odd", b"<p>hello")
    page = client.get("/reports/2026-06-28/odd")
    assert page.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("path", ["nothing.html", "%2e%2e/playlists/latest.json", "", "a//b"])
def test_nothing_but_reports_is_served(client, path):
    assert client.get(f"/reports/{path}").status_code == 404


def test_only_who_is_logged_in_may_read(client):
    client.app.dependency_overrides.clear()
    assert client.get("/reports/2026-06-28/index.html").status_code == 401


def test_airflow_finds_the_plugin():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    named = project["entry-points"]["airflow.plugins"]["nocturne"]
    assert EntryPoint("nocturne", named, "airflow.plugins").load() is ReportPages
    (mounted,) = ReportPages().fastapi_apps
    assert mounted["url_prefix"] == MOUNT == "/nocturne"
    assert mounted["name"] == "Nocturne's reports"
    assert [route.path for route in mounted["app"].routes] == ["/reports/{path:path}"]
