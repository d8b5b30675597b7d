"""The stage: everything that has landed by the end of the window, and is not in the tables yet."""

import logging
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, timedelta
from fnmatch import fnmatch

from jobs.errors import NoInputError
from jobs.ingest.arrival import check_arrival, check_unchanged
from jobs.ingest.batch import IngestBatch, ingest_batch
from jobs.ingest.kinds import KINDS
from jobs.ingest.landing import LandedFile, Landing, Root, list_landing
from jobs.ingest.landing_files import FileCount, enter, gone_files, ingested_files, pending, strike
from jobs.ingest.manifest import check_manifests, with_promised_rows
from jobs.ingest.removal import Entry, remove_files
from jobs.ingest.report import (
    file_details,
    late_plays,
    made_nights,
    matched_shares,
    night_counts,
    stale_nights,
    still_missing,
)
from jobs.lake.arrow import open_table
from jobs.lake.catalog import LANDING_KINDS
from jobs.lake.remembered_landing import remember_landing
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.receipts import forget_receipt, made_of
from jobs.settings import Settings
from jobs.stage import Night

Entered = Mapping[str, Entry]
log = logging.getLogger("nocturne.ingest")
SHOWN = 20


def ingest_landing(night: Night) -> None:
    """Ingest the window's partitions, and what earlier nights of the lookback have missed.

    The tables follow the landing: files that have changed are replaced as a whole, rows of files that
    are gone go. Files are entered in landing_files last: a run that was cut off is repeated by the next
    one, to the same rows. NoInputError if nothing landed in the window; StillLandingError, unless
    forced, while something does.
    """
    settings, window = night.settings, night.window
    root = Root.of(settings)
    landing = list_landing(root)
    _check_input(landing, night)
    remember_landing(settings)
    forget_receipt(night.store, window.as_of)
    since = window.end - timedelta(days=settings.lake.lookback_days)
    entered = ingested_files(settings, since, date.max)
    known = {name: row for name, row in entered.items() if row["landed_on"] < window.end}
    gone = gone_files(landing.files, known, window.days)
    todo = pending(landing.files, entered, since, window.end, gone)
    batches: list[IngestBatch] = []
    if gone:
        _remove(settings, entered, gone, todo)
    if todo:
        batches = ingest_files(settings, with_promised_rows(root, landing, todo), landing.files)
    if not (gone or todo):
        log.info("%s: every file is in the tables already: nothing to do", window.as_of)
    else:
        _summarize_run(night, batches, entered, gone)
    _summarize_night(night, since)
    if landing.ignored:
        log.warning("ignored, in no folder <kind>/date=YYYY-MM-DD: %s", _some(landing.ignored))
    if landing.unfinished:
        log.warning("by its name not whole yet: %s", _some(landing.unfinished))
    night.summary.details |= {
        "files_ingested": len(todo),
        "files_ignored": landing.ignored,
        "files_unfinished": landing.unfinished,
        "made_of": made_of(settings, landing.files, window.as_of),
    }


def _check_input(landing: Landing, night: Night) -> None:
    settings, window = night.settings, night.window
    if night.force is None:
        check_manifests(Root.of(settings), landing, window.days)
    if not any(window.start <= file.landed_on < window.end for file in landing.files):
        known = len(ingested_files(settings, window.start, window.end))
        removed = f"; the {known} files that were there: nocturne landing show" if known else ""
        elsewhere = f"; in no such folder lies {_some(landing.ignored)}" if landing.ignored else ""
        raise NoInputError(
            f"nothing has landed for {window.as_of}: there is no file in "
            f"{settings.landing.root}/listens/date={window.as_of} or beside it{removed}{elsewhere}; "
            "deliver the night's files there, or set NOCTURNE__LANDING__ROOT"
        )
    if night.force is None:
        check_arrival(landing, window, settings.ingest, time.time())


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return f"{', '.join(map(ascii, names[:SHOWN]))}{more}"


def _remove(
    settings: Settings, entered: Entered, gone: Sequence[str], todo: Sequence[LandedFile]
) -> None:
    # Struck first: a run that is cut off here must take them again, too.
    strike(settings, [file.name for file in todo if file.name in entered])
    remove_files(Lake(open_session(settings, "ingest"), settings), [entered[name] for name in gone])
    for name in gone:
        log.warning("gone: %s: its %d rows are removed", name, entered[name]["rows_accepted"])


def ingest_files(
    settings: Settings, files: Sequence[LandedFile], landed: Sequence[LandedFile] = ()
) -> list[IngestBatch]:
    """Ingest these files, and enter them in landing_files.

    Files that have ``landed`` are taken again where rows of these come before theirs.
    """
    lake = Lake(open_session(settings, "ingest"), settings)
    since = min(file.landed_on for file in files) - timedelta(days=settings.lake.lookback_days)
    entered = ingested_files(settings, since, date.max)
    again = {file.name: (file, _configured(settings, file)) for file in landed if file.name in entered}
    batches: dict[str, IngestBatch] = {}
    for kind in ("tracks", "audio_features", "feedback", "listens"):
        work = [(file, _configured(settings, file)) for file in files if file.kind == kind]
        if work:
            batches[kind] = IngestBatch(KINDS[kind], work, entered, again)
    futures: dict[str, Future[IngestBatch]] = {}
    with ThreadPoolExecutor(len(KINDS)) as pool:
        for kind, batch in batches.items():
            waits = {"tracks_are_in": futures["tracks"].result} if "tracks" in futures else {}
            futures[kind] = pool.submit(ingest_batch, lake, settings, batch, **waits)
    done = [future.result() for future in futures.values()]
    counts = _counts(done)
    for count in counts:
        count.check()
    _count_too_old(done, settings.lake.lookback_days)
    check_unchanged([count.file for count in counts], list_landing(Root.of(settings)))
    enter(settings, counts)
    return done


def _count_too_old(batches: Iterable[IngestBatch], lookback_days: int) -> None:
    for batch in batches:
        for (name, heard), n_plays in batch.plays.items():
            count = batch.counts[name]
            too_old = heard < count.file.landed_on - timedelta(days=lookback_days)
            count.n_too_old += n_plays * (too_old and not count.refused)


def _configured(settings: Settings, file: LandedFile) -> str | None:
    sources = settings.ingest.sources
    return next((name for pattern, name in sources.items() if fnmatch(file.name, pattern)), None)


def _counts(batches: Iterable[IngestBatch]) -> list[FileCount]:
    return [count for batch in batches for count in batch.counts.values()]


def _summarize_run(
    night: Night, batches: Sequence[IngestBatch], entered: Entered, gone: Sequence[str]
) -> None:
    """What only this run knows: what it ingested, what came late, and what is gone."""
    window, counts = night.window, _counts(batches)
    plays: Counter[tuple[str, date]] = sum((batch.plays for batch in batches), Counter())
    late = late_plays(plays, counts)
    new = [count.file.landed_on for count in counts if count.file.name not in entered]
    changed = [entered[name]["landed_on"] for name in gone] + [
        count.file.landed_on
        for count in counts
        if count.file.name in entered
        and entered[count.file.name]["fingerprint"] != count.file.fingerprint
    ]
    stale = stale_nights(new, changed, late, made_nights(night.store.list("ledger/")), window)
    shares = matched_shares(counts)
    night.summary.details |= {
        "late_plays": {str(day): n_plays for day, n_plays in late.items()},
        "stale_nights": {str(day): why for day, why in stale.items()},
        "matched": shares,
        "left_out": {count.file.name: count.n_left_out for count in counts if count.n_left_out},
        "files_gone": {name: entered[name]["rows_accepted"] for name in gone},
    }
    log.info("%s: %d files ingested", window.as_of, len(counts))
    for count in counts:
        if count.refused:
            log.warning("refused: %s: %s: %s", count.file.name, count.rule, count.reason)
        for sentence in count.sentences():
            log.info("%s: %s", count.file.name, sentence)
    for day, why in stale.items():
        log.warning("stale: %s: %s", day, why)
    for name, share in shares.items():
        log.info("matched by name: %s: %.1f %%", name, 100 * share["share"])


def _summarize_night(night: Night, since: date) -> None:
    """The night's own files as landing_files has them, and refused ones of the days before: the same
    whether or not they came just now."""
    summary, window = night.summary, night.window
    known = list(ingested_files(night.settings, since, window.end).values())
    rows = [row for row in known if row["landed_on"] >= window.start]
    summary.rows_in = sum(row["rows_read"] for row in rows)
    summary.rows_out = sum(row["rows_accepted"] for row in rows)
    summary.rows_rejected = sum(row["rows_quarantined"] for row in rows)
    missing = still_missing(known, window)
    summary.details |= {"kinds": night_counts(rows), **file_details(rows), "still_refused": missing}
    for name, why in list(missing.items())[:20]:
        log.warning("still refused, since an earlier night: %s: %s", name, why)
    for name in LANDING_KINDS:
        table = open_table(night.settings, name)
        summary.table_versions[name] = -1 if table is None else table.version()
