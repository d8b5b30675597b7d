"""The stage: everything that has landed by the end of the window, and is not in the tables yet."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from fnmatch import fnmatch
from typing import Any

from jobs.errors import NoInputError
from jobs.ingest.kinds import KINDS
from jobs.ingest.landing import LandedFile, Root, list_landing
from jobs.ingest.ledger import REFUSED, FileCount, ingested_files, pending
from jobs.ingest.store import Batch, in_files, store
from jobs.lake.arrow import open_table
from jobs.lake.catalog import LANDING_KINDS, TABLES
from jobs.lake.schemas import spark_schema
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.settings import Settings
from jobs.stage import Night

log = logging.getLogger("nocturne.ingest")


def ingest_landing(night: Night) -> None:
    """Ingest the window's partitions, and what earlier nights of the lookback have missed.

    Files are replaced as a whole, and entered in landing_files last: a run that was cut off is
    repeated by the next one, to the same rows. NoInputError if nothing landed in the window.
    """
    settings, window = night.settings, night.window
    root = Root.of(settings)
    landing = list_landing(root)
    tonight = [file for file in landing.files if window.start <= file.landed_on < window.end]
    if not tonight:
        raise NoInputError(
            f"nothing has landed for {window.as_of}: there is no file in "
            f"{settings.landing.root}/listens/date={window.as_of} or beside it; "
            "deliver the night's files there, or set NOCTURNE__LANDING__ROOT"
        )
    since = window.end - timedelta(days=settings.lake.lookback_days)
    done = ingested_files(settings, since, window.end)
    todo = pending(landing.files, done, since, window.end)
    if todo:
        counts = _ingest(settings, root, todo, set(done))
        log.info("%s: %d files ingested", window.as_of, len(counts))
    else:
        log.info("%s: every file is in the tables already: nothing to do", window.as_of)
    _summarize(night, ingested_files(settings, window.start, window.end))
    night.summary.details |= {"files_ingested": len(todo), "files_ignored": landing.ignored}


def _ingest(settings: Settings, root: Root, todo: list[LandedFile], done: set[str]) -> list[FileCount]:
    lake = Lake(open_session(settings, "ingest"), settings)
    batches = []
    for kind in KINDS.values():
        work = [(file, _configured(settings, file)) for file in todo if file.kind == kind.name]
        if work:
            batches.append(Batch(kind, work, any(file.name in done for file, _ in work)))
    with ThreadPoolExecutor(len(KINDS)) as pool:
        for future in [pool.submit(store, lake, root, batch) for batch in batches]:
            future.result()
    counts = [count for batch in batches for count in batch.counts.values()]
    for count in counts:
        count.check()
    schema = spark_schema(TABLES["landing_files"])
    rows = [tuple(count.row()[name] for name in schema.names) for count in counts]
    names = [count.file.name for count in counts]
    lake.replace(lake.spark.createDataFrame(rows, schema), "landing_files", in_files(names))
    return counts


def _configured(settings: Settings, file: LandedFile) -> str | None:
    sources = settings.ingest.sources
    return next((name for pattern, name in sources.items() if fnmatch(file.name, pattern)), None)


def _summarize(night: Night, files: dict[str, dict[str, Any]]) -> None:
    """The night's own files as the ledger has them: the same whether or not they came just now."""
    summary, rows = night.summary, list(files.values())
    summary.rows_in = sum(row["rows_read"] for row in rows)
    summary.rows_out = sum(row["rows_accepted"] for row in rows)
    summary.rows_rejected = sum(row["rows_quarantined"] for row in rows)
    summary.details["kinds"] = {
        kind: {
            "files": sum(row["kind"] == kind for row in rows),
            **{
                part: sum(row[f"rows_{part}"] for row in rows if row["kind"] == kind)
                for part in ("read", "accepted", "quarantined", "duplicate")
            },
        }
        for kind in LANDING_KINDS
    }
    summary.details["files_refused"] = {
        row["landing_file"]: row["reason"] for row in rows if row["status"] == REFUSED
    }
    summary.details["unknown_columns"] = {
        row["landing_file"]: row["unknown_columns"] for row in rows if row["unknown_columns"]
    }
    for name in ("listens", "tracks", "audio_features", "feedback"):
        table = open_table(night.settings, name)
        summary.table_versions[name] = -1 if table is None else table.version()
