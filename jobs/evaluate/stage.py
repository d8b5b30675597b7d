"""The stage that ends a night, whatever became of the others: the run ledger and the night report.

No Spark: it must work when Spark does not.
"""

import logging
from datetime import date

from jobs.evaluate.evaluation import evaluate_due
from jobs.evaluate.ledger import ledger_rows, read_records
from jobs.evaluate.night_facts import read_night_facts
from jobs.evaluate.page import page
from jobs.lake.arrow import replace_night
from jobs.receipts import settle
from jobs.stage import Night

log = logging.getLogger("nocturne")


def report(night: Night) -> None:
    """Lift the stages' records into run_ledger, leave the receipt of a whole night, judge the lists that
    are old enough, and write ``reports/<as_of>/index.html``."""
    as_of = night.window.as_of
    records = read_records(night.store, as_of)
    rows = ledger_rows(records, as_of)
    if rows:
        replace_night(night.settings, "run_ledger", rows, as_of)
    settle(night.store, night.window, night.settings, records)
    evaluated = evaluated_nights(night)
    facts = read_night_facts(night.settings, night.store, as_of, records)
    key = f"reports/{as_of}/index.html"
    night.store.put(key, page(facts).encode())
    night.summary.rows_in = night.summary.rows_out = len(rows)
    night.summary.details = {"url": night.store.url(key), "failed": facts.failed, "evaluated": evaluated}


def evaluated_nights(night: Night) -> list[date]:
    """Judge what can be judged; the report is written whatever becomes of that."""
    try:
        return evaluate_due(night)
    except Exception:
        log.exception("earlier lists could not be judged; `nocturne evaluate` tells more")
        return []
