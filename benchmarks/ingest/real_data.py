"""Real logs, trials and malformed files through ingestion, as one Markdown table of their files.

    python -m benchmarks.ingest.real_data --data ../shared/data

Of every file that is not refused, the rows that were read must be those that are kept (counted in the
table), duplicate, quarantined (counted in the quarantine) and left out; where a record is a row, they
must be as many as the records that a plain reading of the file counts; and of a malformed file as many
must be kept as its description says. A second table says of each trial what its case asks for, and what
came of it. Ends with exit code 1 where a sum or a trial is wrong, and says which.
"""

import argparse
import csv
import gzip
import io
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from benchmarks.ingest.landing import settings_for
from expectations.landing_files import SAME_PLAY
from jobs.ingest.kinds import KINDS
from jobs.ingest.names import artist_id
from jobs.ingest.stage import ingest_landing
from jobs.lake.arrow import table_rows
from jobs.settings import Settings
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
# What the cases of the trials ask for: plays by listener, rows by kind, rejected ones by rule.
CASES: dict[str, dict[str, int]] = {
    "trials/02": {"ben": 3, "listens rejected": 0},
    "trials/04": {"listens": 6, "dora.k": 4, "emil_w": 2},
    "trials/04-unnamed": {"listens": 0, "listener unknown": 3},
    "trials/08": {"kim": 23},
    "trials/10": {"mia": 5, "5": 0, "6": 0, "listens rejected": 0},
    "trials/10-as-unpacked": {"mia_vale": 5, "5": 0, "6": 0, "listens rejected": 0},
    "trials/11": {"noa": 3, "listens rejected": 0},
    "trials/12": {"oli": 10},
    "trials/14": {
        "listens": 45, "sol": 8, "implausibly old: listened_at": 14, "missing field: uts": 1,
    },
    "trials/17": {
        "audio_features": 6, "out of range: duration_ms": 1, "audio_features rejected": 1,
    },
    "trials/20": {"listens rejected": 0},
    "trials/25": {"vera": 300, "listens rejected": 0},
    "trials/27": {"listens": 4, "yan": 4, "conflicting listen_id": 0},
}  # fmt: skip
# Described as refused, and read since: in many countries a spreadsheet's CSV has semicolons.
READ_SINCE = {"27_csv_semicolon.csv": 6}
# A record of these is several rows; a zip is no file of rows.
MANY_ROWS = ("item_sessions", "triplets", "zip")
PARTS = ("kept", "duplicate", "quarantined", "left_out")
HEAD = """\
| landing | file | source | records | read | kept | duplicate | quarantined | left out | remark |
|---|---|---|---:|---:|---:|---:|---:|---:|---|"""
CASE_HEAD = """\
| trial | its case asks for | came out |
|---|---|---|"""


@dataclass(frozen=True)
class TrialRow:
    """What the case of a trial asks for, by name, and what came of it."""

    trial: str
    wanted: dict[str, int]
    found: dict[str, int]

    @property
    def is_wrong(self) -> bool:
        """Whether anything came out otherwise."""
        return self.wanted != self.found

    @property
    def line(self) -> str:
        """Its line of the table."""
        wanted, found = (
            ", ".join(f"{name}: {n:,}" for name, n in counts.items())
            for counts in (self.wanted, self.found)
        )
        return f"| {self.trial} | {wanted} | {f'WRONG: {found}' if self.is_wrong else 'so'} |"


@dataclass(frozen=True)
class FileRow:
    """What became of one file: its entry in landing_files, its rows by what became of them, its records
    as a plain reading counts them, and what is to be said of it."""

    landing: str
    entry: dict[str, Any]
    parts: dict[str, int]
    records: int | None
    remark: str
    is_wrong: bool

    @property
    def n_read(self) -> int:
        """Rows read, with those that are left out."""
        return int(self.entry["rows_read"]) + self.parts["left_out"]

    @property
    def line(self) -> str:
        """Its line of the table."""
        name = self.entry["landing_file"].replace(f"date={DAY}/", "")
        counts = [self.n_read, *(self.parts[part] for part in PARTS)]
        records = "-" if self.records is None else f"{self.records:,}"
        shown = " | ".join([records, *(f"{count:,}" for count in counts)])
        return f"| {self.landing} | {name} | {self.entry['source']} | {shown} | {self.remark} |"


def main() -> None:
    """Ingest every landing, each into a lake of its own; print the table, and what is wrong in it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest.real_data")
    parser.add_argument("--data", type=Path, required=True, help="the folder of the shared data")
    parser.add_argument("--only", help="landings with this in their name: trials, bad_input, logs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nocturne-real-") as folder:
        rows: list[FileRow] = []
        trials: list[TrialRow] = []
        for name, landing in _landings(arguments.data, Path(folder)):
            if not arguments.only or arguments.only in name:
                settings = settings_for(landing, Path(folder) / "houses" / name)
                rows += files_of(name, settings, _expected(arguments.data))
                if name in CASES:
                    trials.append(trial_of(name, settings))
    print("\n".join([HEAD, *(row.line for row in rows), "", CASE_HEAD, *(row.line for row in trials)]))
    every: list[FileRow | TrialRow] = [*rows, *trials]
    wrong = [row for row in every if row.is_wrong]
    for row in wrong:
        print(f"WRONG: {row.line}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


def trial_of(name: str, settings: Settings) -> TrialRow:
    """What came of a trial, after its night."""
    found = Counter(map(str, _column(settings, "listens", "user_id")))
    for kind in KINDS.values():
        found[kind.name] = len(_column(settings, kind.history))
        rules = Counter(_column(settings, kind.quarantine, "rule"))
        rules.pop(SAME_PLAY, None)
        found.update(rules)
        found[f"{kind.name} rejected"] = rules.total()
    return TrialRow(name, CASES[name], {part: found[part] for part in CASES[name]})


def files_of(name: str, settings: Settings, expected: dict[str, int]) -> Iterator[FileRow]:
    """The files of a landing, after a night."""
    landing = Path(settings.landing.root)
    night = Night(Window.night(DAY), settings)
    ingest_landing(night)
    kept, quarantined = Counter[str](), Counter[str]()
    for kind in KINDS.values():
        kept.update(_column(settings, kind.history))
        quarantined.update(_quarantined(settings, kind.quarantine))
    shares = night.summary.details.get("matched", {})
    entries = table_rows(settings, "landing_files").to_table().to_pylist()
    for entry in sorted(entries, key=lambda row: str(row["landing_file"])):
        of_file = entry["landing_file"]
        parts = {
            "kept": kept[of_file],
            "duplicate": entry["rows_duplicate"],
            "quarantined": quarantined[of_file],
            "left_out": entry["rows_left_out"],
        }
        yield _judged(name, landing, entry, parts, shares.get(of_file), expected)


def _judged(
    name: str,
    landing: Path,
    entry: dict[str, Any],
    parts: dict[str, int],
    share: dict[str, Any] | None,
    expected: dict[str, int],
) -> FileRow:
    refused = entry["status"] == "refused"
    n_read = entry["rows_read"] + entry["rows_left_out"]
    counted = refused or entry["source"] in MANY_ROWS
    records = None if counted else count_records(landing, entry["landing_file"])
    # A known part of an export is passed over unread.
    passed_over = records and any(note.startswith("passed over") for note in entry["notes"])
    wrong = [f"{n_read} is no sum"] if n_read != sum(parts.values()) else []
    wrong += [f"{records} records"] if records not in (None, n_read) and not passed_over else []
    wanted = expected.get(Path(entry["landing_file"]).name) if name == "bad_input" else None
    wrong += [f"{wanted} were to be kept"] if wanted not in (None, parts["kept"]) else []
    remarks = [f"WRONG: {', '.join(wrong)}"] if wrong else []
    remarks += [f"refused: {entry['reason'].split(':')[0]}"] if refused else []
    remarks += [f"{share['matched']:,} of {share['rows']:,} matched by name"] if share else []
    remarks += ["passed over"] if passed_over else []
    return FileRow(name, entry, parts, records, "; ".join(remarks), bool(wrong))


def count_records(landing: Path, name: str) -> int:
    """Records of a file, by the standard library alone: lines, rows below a header, entries of a list.

    None of the files of the shared data has a record on two lines, or wraps its records.
    """
    body = _body(landing, name)
    base = name.removesuffix(".gz")
    text = body.decode("utf-8-sig", errors="replace")
    if base.endswith(".json"):
        found = json.loads(text)
        return len(found) if isinstance(found, list) else 1
    if base.endswith(".csv"):
        return sum(1 for row in csv.reader(io.StringIO(text)) if row) - 1
    lines = [line for line in text.splitlines() if line.strip()]
    return len(lines) - base.endswith(".tsv")


def _body(landing: Path, name: str) -> bytes:
    archive, inside, member = name.partition(".zip/")
    if inside:
        with ZipFile(landing / f"{archive}.zip") as opened:
            return opened.read(member)
    body = (landing / name).read_bytes()
    return gzip.decompress(body) if name.endswith(".gz") else body


def _column(settings: Settings, table: str, name: str = "landing_file") -> list[str]:
    values = table_rows(settings, table).to_table(columns=[name]).column(0).to_pylist()
    return [str(value) for value in values]


def _quarantined(settings: Settings, table: str) -> list[str]:
    """Files of the rejected rows. A play told twice is kept there too, and counts as duplicate."""
    rows = table_rows(settings, table).to_table(columns=["landing_file", "line", "rule"]).to_pylist()
    return [row["landing_file"] for row in rows if row["line"] and row["rule"] != SAME_PLAY]


def _landings(data: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Names and landing folders: of every trial, of all malformed files together, of the real logs."""
    for trial in sorted((data / "trials").glob("*/landing*")):
        suffix = trial.name.removeprefix("landing")
        yield f"trials/{trial.parent.name[:2]}{suffix}", trial
    yield "bad_input", _bad_input(data / "bad_input", folder / "bad_input")
    yield "logs", _logs(data, folder / "logs")


def _bad_input(data: Path, landing: Path) -> Path:
    for path in (path for path in data.glob("*/*/date=*/*") if path.is_file()):
        target = landing / path.relative_to(data / path.relative_to(data).parts[0])
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return landing


def _expected(data: Path) -> dict[str, int]:
    """By the name of a malformed file: how many of its rows are to be kept."""
    with (data / "bad_input" / "expected.csv").open() as file:
        described = {Path(case["file"]).name: _n_rows(case["kept"]) for case in csv.DictReader(file)}
    return described | READ_SINCE


def _n_rows(kept: str) -> int:
    """How many rows "1-3,5", "6 rows" and "none" are."""
    if kept == "none" or "rows" in kept:
        return int(kept.split()[0]) if "rows" in kept else 0
    ends = [span.split("-") for span in kept.split(",")]
    return sum(int(span[-1]) - int(span[0]) + 1 for span in ends)


def _logs(data: Path, landing: Path) -> Path:
    """Each real log, beside the catalog of the shared tracks."""
    for source, target in LOGS.items():
        path = landing / target.format(day=f"date={DAY}")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(data / source, path)
    _lay_catalog(data / "tracks" / "tracks.csv.gz", landing / "tracks" / f"date={DAY}")
    return landing


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


if __name__ == "__main__":
    main()
