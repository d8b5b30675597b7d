"""Runs suites of Great Expectations on Spark batches: one ephemeral context and one site a run."""

import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame

from jobs.errors import NocturneError
from jobs.validate.findings import GateFinding
from jobs.window import Window

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

SITE, SOURCE = "night", "spark"
SITE_CONFIG = {
    "class_name": "SiteBuilder",
    "show_how_to_buttons": False,
    "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    # The pages of results say what was expected; pages of suites would say it twice.
    "site_section_builders": {"expectations": "None", "profiling": "None"},
}


@dataclass(frozen=True)
class SuiteRun:
    """Rows to check, the suite they are checked by (built late: it imports Great Expectations), and the
    table that the results are filed under."""

    table: str
    rows: DataFrame
    suite: "Callable[[], ExpectationSuite]"


def warm_up() -> Thread:
    """Import Great Expectations (seconds) beside the start of Spark, which mostly waits."""
    thread = Thread(target=_import_expectations, daemon=True)
    thread.start()
    return thread


def _import_expectations() -> None:
    # Read when it is imported: nothing of a night leaves the house.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import_module("expectations.row_expectation")


def run_suites(batches: Iterable[SuiteRun], window: Window, site: Path) -> list[GateFinding]:
    """Check every batch and render Data Docs into the folder ``site``."""
    context = open_context(site)
    findings = [found for batch in batches for found in check(context, batch, window)]
    context.build_data_docs(site_names=[SITE])
    return findings


def open_context(site: Path) -> Any:
    """Make a context that is gone with the process and whose only site is the folder."""
    _import_expectations()
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    for name in list(context.get_site_names()):
        context.delete_data_docs_site(name)
    backend = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(site)}
    context.add_data_docs_site(SITE, {**SITE_CONFIG, "store_backend": backend})
    # Without persist=False every batch would be cached before its one aggregation.
    context.data_sources.add_spark(SOURCE, persist=False)
    return context


def check(context: Any, batch: SuiteRun, window: Window) -> list[GateFinding]:
    """Return one finding an expectation of the batch's suite, in its order."""
    from great_expectations import RunIdentifier, ValidationDefinition

    suite = context.suites.add(batch.suite())
    asset = context.data_sources.get(SOURCE).add_dataframe_asset(suite.name)
    data = asset.add_batch_definition_whole_dataframe(suite.name)
    definition = ValidationDefinition(name=suite.name, data=data, suite=suite)
    # The window's end, not the clock: it names the pages, which a second run replaces.
    run = RunIdentifier(run_name=str(window.as_of), run_time=window.end_at)
    outcome = context.validation_definitions.add(definition).run(
        batch_parameters={"dataframe": batch.rows}, run_id=run
    )
    return [_finding(batch.table, result) for result in outcome.results]


def _finding(table: str, result: Any) -> GateFinding:
    config, observed = result.expectation_config, result.result
    if not observed:
        raise NocturneError(f"{table}: {config.kwargs} could not be checked: {result.exception_info}")
    kwargs = config.kwargs
    n_rows = int(observed.get("element_count", observed["observed_value"]) or 0)
    return GateFinding(
        table_name=table,
        expectation=kwargs.get("rule", config.type),
        column_name=kwargs.get("column", ""),
        severity=config.severity.value,
        success=bool(result.success),
        n_rows=n_rows,
        n_unexpected=observed.get("unexpected_count"),
        observed=_printable(str(observed.get("observed", f"{n_rows:,} rows"))),
        threshold=_threshold(config),
        reason=kwargs.get("reason") or config.meta["reason"],
    )


def _printable(text: str) -> str:
    """Names of files and sources come from outside: none may move a terminal's cursor."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _threshold(config: Any) -> str:
    from expectations.row_expectation import predicate_text

    if "keeps" not in config.kwargs:
        return f"at least {config.kwargs['min_value']} rows"
    share = config.kwargs.get("max_share", 0.0)
    return predicate_text(config) + (f" in all but {share:.0%} of rows" if share else "")
