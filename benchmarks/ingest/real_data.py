"""Real logs and malformed files through ingestion, as two Markdown tables.

python -m benchmarks.ingest.real_data --data ../shared/data
"""

import argparse
import csv
import gzip
import json
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from jobs.ingest.names import artist_id
from jobs.ingest.stage import ingest_landing
from jobs.lake.arrow import table_rows
from jobs.settings import LakeSettings, LandingSettings, Settings, StoreSettings
from jobs.stage import Night
from jobs.window import Window

DAY = date(2026, 6, 28)
LOGS = {
    "scrobbles/pavelgar_ts_scrobbles.csv.gz": "listens/{day}/user=pavelgar/scrobbles.csv.gz",
    "spotify_history/magicpolygon_sample.csv": "listens/{day}/user=magicpolygon/history.csv",
    "spotify_history/Streaming_History_Audio_2026_0.json": "listens/{day}/user=synthetic/history.json",
    "mssd_schema/Sample listening log for testing.csv": "listens/{day}/sample_sessions.csv",
    "mssd_schema/synthetic_listening_log_300.csv": "listens/{day}/synthetic_sessions.csv",
    "mssd_schema/Sample track features for testing.csv": "tracks/{day}/sample_tracks.csv",
    "mssd_schema/synthetic_track_features_300.csv": "tracks/{day}/synthetic_tracks.csv",
    "sessions/nowplaying_train.jsonl.gz": "listens/{day}/nowplaying.jsonl.gz",
    "hetrec_lastfm/user_artists.tsv.gz": "listens/{day}/user_artists.tsv.gz",
}


def main() -> None:
    """Ingest both landings, each in a lake of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest.real_data")
    parser.add_argument("--data", type=Path, required=True, help="the folder of the shared data")
    parser.add_argument("--only", choices=("logs", "bad_input"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nocturne-real-") as folder:
        if arguments.only != "logs":
            print(bad_input_table(arguments.data / "bad_input", Path(folder) / "bad"))
        if arguments.only != "bad_input":
            print(logs_table(arguments.data, Path(folder) / "logs"))


def logs_table(data: Path, root: Path) -> str:
    """Each real log through its adapter, beside the catalog of the shared tracks."""
    for source, target in LOGS.items():
        path = root / "landing" / target.format(day=f"date={DAY}")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(data / source, path)
    _lay_catalog(data / "tracks" / "tracks.csv.gz", root / "landing" / "tracks" / f"date={DAY}")
    rows, _, details = _ingest(root)
    lines = [
        "| log | source | read | accepted | quarantined | duplicate | left out | matched by name |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        name = row["landing_file"]
        share = details["matched"].get(name)
        found = f"{share['matched']:,} of {share['rows']:,} ({share['share']:.1%})" if share else "-"
        counts = [f"{row[f'rows_{p}']:,}" for p in ("read", "accepted", "quarantined", "duplicate")]
        left_out = details["left_out"].get(name, 0)
        name = name.replace(f"date={DAY}/", "")
        lines.append(f"| {name} | {row['source']} | {' | '.join(counts)} | {left_out} | {found} |")
    return "\n".join(lines)


def bad_input_table(folder: Path, root: Path) -> str:
    """The malformed files, all laid over one landing: what was expected, and what became of them."""
    for case in sorted(path for path in folder.iterdir() if path.is_dir()):
        for path in (path for path in case.rglob("*") if path.is_file()):
            target = root / "landing" / path.relative_to(case)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    rows, entries, _ = _ingest(root)
    counts = {Path(row["landing_file"]).name: row for row in rows}
    lines = [
        "| file | to keep | accepted | duplicate | to quarantine | quarantined | rule |",
        "|---|---|---:|---:|---|---|---|",
    ]
    with (folder / "expected.csv").open() as file:
        for case in csv.DictReader(file):
            name = Path(case["file"]).name
            mine = [entry for entry in entries if Path(entry["landing_file"]).name == name]
            where = ", ".join(sorted(str(e["line"] or "the file") for e in mine)) or "none"
            rules = "; ".join(sorted({entry["rule"] for entry in mine})) or "-"
            row = counts[name]
            lines.append(
                f"| {name} | {case['kept']} | {row['rows_accepted']} | {row['rows_duplicate']} "
                f"| {case['quarantined']} | {where} | {rules} |"
            )
    return "\n".join([*lines, ""])


def _lay_catalog(source: Path, target: Path) -> None:
    with (
        gzip.open(source, "rt", newline="") as read,
        gzip.open(target / "catalog.jsonl.gz", "wt") as out,
    ):
        for row in csv.DictReader(read):
            track = {
                "track_id": row["uri"].rsplit(":", 1)[1],
                "title": row["title"],
                "artist": row["artist"],
                "artist_id": artist_id(row["artist"]),
                "duration_ms": int(float(row["duration_ms"])),
            }
            out.write(json.dumps(track) + "\n")


def _ingest(root: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any]]:
    settings = Settings(
        home=str(root / "home"),
        landing=LandingSettings(root=str(root / "landing")),
        lake=LakeSettings(root=str(root / "lake")),
        store=StoreSettings(root=str(root / "store")),
    )
    night = Night(Window.night(DAY), settings)
    ingest_landing(night)
    entries = [
        row for kind in ("listens", "audio_features") for row in _rows(settings, f"{kind}_quarantine")
    ]
    files = sorted(_rows(settings, "landing_files"), key=lambda row: str(row["landing_file"]))
    return files, entries, night.summary.details


def _rows(settings: Settings, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table_rows(settings, table).to_table().to_pylist()
    return rows


if __name__ == "__main__":
    main()
