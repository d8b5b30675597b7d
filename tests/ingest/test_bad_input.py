"""The 30 malformed files of the shared data, laid over one landing and ingested in one night."""

import csv
import shutil
from pathlib import Path

import pytest

from tests.conftest import SHARED

pytestmark = [pytest.mark.spark, pytest.mark.real_data]
FOLDER = SHARED / "data" / "bad_input"


def cases() -> list[dict[str, str]]:
    if not FOLDER.is_dir():
        return []
    with (FOLDER / "expected.csv").open() as file:
        return [case | READABLE_NOW.get(case["case"], {}) for case in csv.DictReader(file)]


# Read since the expectations were written: semicolons are looked for, and all of its rows are sound.
READABLE_NOW = {"27_csv_semicolon": {"kept": "1-6", "quarantined": "none", "reason": ""}}


def lines(text: str) -> set[int]:
    """The line numbers of "1-3,5"; empty for "none"."""
    spans = [span.split("-") for span in text.split(",") if span != "none"]
    return {line for span in spans for line in range(int(span[0]), int(span[-1]) + 1)}


def expected_counts(case: dict[str, str]) -> tuple[int, int, int]:
    """Rows accepted, quarantined and duplicate."""
    if case["quarantined"] == "file":
        return 0, 0, 0
    kept = int(case["kept"].split()[0]) if "rows" in case["kept"] else len(lines(case["kept"]))
    bad = 1 if " or " in case["quarantined"] else len(lines(case["quarantined"]))
    return kept, bad, int(case["rows"]) - kept - bad


@pytest.fixture(scope="module")
def ingested(_session, tmp_path_factory):
    """Rows of landing_files and of the quarantine by file, after one night of all the cases."""
    from jobs.ingest.stage import ingest_landing
    from jobs.lake.arrow import table_rows
    from jobs.settings import LakeSettings, LandingSettings, Settings, StoreSettings
    from jobs.stage import Night
    from jobs.window import Window
    from tests.ingest.conftest import DAY

    if not FOLDER.is_dir():
        pytest.skip("no real data here: set NOCTURNE_SHARED to the shared folder")
    root = tmp_path_factory.mktemp("bad_input")
    for folder in FOLDER.iterdir():
        if folder.is_dir():
            shutil.copytree(folder, root / "landing", dirs_exist_ok=True, copy_function=shutil.copyfile)
            for path in (root / "landing").rglob("*"):
                path.chmod(0o755)
    settings = Settings(
        home=str(root / "home"),
        landing=LandingSettings(root=str(root / "landing")),
        lake=LakeSettings(root=str(root / "lake")),
        store=StoreSettings(root=str(root / "store")),
    )
    night = Night(Window.night(DAY), settings)
    ingest_landing(night)
    tables = {
        name: table_rows(settings, name).to_table().to_pylist()
        for name in ("landing_files", "listens", "listens_quarantine", "audio_features_quarantine")
    }
    return tables, night.summary, root / "landing"


def of_file(rows: list[dict], case: dict[str, str]) -> list[dict]:
    return [row for row in rows if Path(row["landing_file"]).name == Path(case["file"]).name]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["case"])
def test_the_counts_of_a_file_are_of_what_is_kept_and_what_is_not(ingested, case):
    tables, *_ = ingested
    (row,) = of_file(tables["landing_files"], case)
    found = row["rows_accepted"], row["rows_quarantined"], row["rows_duplicate"]
    assert found == expected_counts(case)
    assert row["rows_read"] == sum(found)
    assert row["status"] == ("refused" if case["quarantined"] == "file" else "ingested")


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["case"])
def test_the_quarantine_has_line_reason_and_bytes(ingested, case):
    tables, _, landing = ingested
    rows = of_file(tables[f"{case['kind']}_quarantine"], case)
    if case["quarantined"] == "file":
        assert [(row["line"], row["rule"]) for row in rows] == [(None, case["reason"])]
    elif " or " in case["quarantined"]:
        (row,) = rows
        assert row["line"] in (2, 5) and row["rule"] == case["reason"]
    else:
        assert {row["line"] for row in rows} == lines(case["quarantined"])
        rule = case["reason"].replace(" (feature)", " ")
        assert all(row["rule"].startswith(rule) for row in rows)
    for row in rows:
        if row["line"] is not None and case["file"].endswith(".jsonl"):
            assert (
                row["raw"] == (landing / row["landing_file"]).read_bytes().splitlines()[row["line"] - 1]
            )


def test_the_summary_names_refused_files_and_unknown_columns(ingested):
    _, summary, _ = ingested
    refused = {Path(name).name[:2] for name in summary.details["files_refused"]}
    # 27 has semicolons, which are read by now.
    assert refused == {"01", "26", "28", "29"}
    assert list(summary.details["unknown_columns"].values()) == [["battery", "device"]]


def test_late_plays_go_to_the_day_they_were_heard(ingested):
    tables, *_ = ingested
    days = {row["listen_id"]: str(row["listened_on"]) for row in tables["listens"]}
    assert (days["15-02"], days["15-03"], days["15-04"]) == ("2026-06-28", "2026-06-27", "2026-06-26")
