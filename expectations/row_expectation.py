"""The expectation that Nocturne adds to Great Expectations' own: rows keep a rule.

A rule is a SQL predicate, the same one the quarantine uses. Great Expectations gathers the counts of
all rules of a suite into one Spark aggregation: a suite reads its batch once, however long it is.
"""

import html
from collections.abc import Iterable
from typing import Any, ClassVar

from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine import SparkDFExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.render.components import LegacyRendererType, RenderedStringTemplateContent
from great_expectations.render.renderer.renderer import renderer
from pyspark.sql import functions as F

from expectations.rules import RowRule

spark_aggregate = metric_partial(
    engine=SparkDFExecutionEngine,
    partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
    domain_type=MetricDomainTypes.TABLE,
)
NOTHING = "null"
KEPT = """struct(
    coalesce(sum(IF({where}, {n_rows}, NULL)), 0) AS n_rows,
    coalesce(sum(IF(({where}) AND NOT ({keeps}), {n_rows}, NULL)), 0) AS n_breaking,
    max(IF({where}, struct(coalesce(NOT ({keeps}), false) AS breaks, {observed} AS observed,
        IF(NOT ({keeps}), {who}, NULL) AS who), NULL)) AS worst)"""


class RowsKept(TableMetricProvider):
    """Of one rule: how many rows it is about, how many of them break it (where the predicate is null
    there is nothing to judge), and the largest value of ``observed`` among those that do, with ``who``
    it is of, or else among all. One metric, not three: Great Expectations takes as long for each as
    Spark for counting it."""

    metric_name = "rows.kept"
    value_keys = ("where", "keeps", "observed", "who", "n_rows")

    @spark_aggregate
    def _spark(cls, metric_domain_kwargs: Any, metric_value_kwargs: Any, **_: Any) -> Any:
        # One text: every step of an expression built in Python is a call into the Java machine.
        kept = KEPT.format_map(metric_value_kwargs)
        return F.expr(kept), metric_domain_kwargs, {}


class ExpectRowsToKeep(BatchExpectation):
    """Of the rows ``where`` a condition holds, at most ``max_share`` break the predicate ``keeps``.

    ``column`` names what the rule is about, or "" if it is about whole rows. ``observed`` is an
    expression of which one value is told: the largest of those that break it, or else of all. ``who``
    is one that names whom a row is about: it is told of a row that breaks the predicate.
    ``n_rows`` says how many rows a row of the batch stands for, where they were counted before, and
    ``unit`` what they are, for a person; "" where ``observed`` says all there is to say.
    ``reason`` says why the rule and its threshold are there.
    """

    rule: str
    column: str = ""
    keeps: str
    where: str = "true"
    observed: str = NOTHING
    who: str = NOTHING
    n_rows: str = "1"
    unit: str = "rows"
    max_share: float = 0.0
    reason: str

    domain_keys: ClassVar[tuple[str, ...]] = ()
    metric_dependencies: ClassVar[tuple[str, ...]] = ("rows.kept",)
    success_keys: ClassVar[tuple[str, ...]] = (
        "where",
        "keeps",
        "observed",
        "who",
        "n_rows",
        "max_share",
    )
    args_keys: ClassVar[tuple[str, ...]] = ("rule",)

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        n_rows, n_breaking, worst = metrics["rows.kept"]
        share = n_breaking / n_rows if n_rows else 0.0
        count = f"{n_breaking:,} of {n_rows:,} {self.unit} ({share:.2%})" if self.unit else ""
        told = [part for part in (worst or (False, None, None))[1:] if part is not None]
        named = " for ".join(str(part) for part in told)
        observed = "; ".join(part for part in (named, count) if part) or "nothing to judge"
        result = {
            "observed_value": html.escape(observed),  # Data Docs print it as it is
            "observed": observed,
            "element_count": n_rows,
            "unexpected_count": n_breaking,
            "unexpected_percent": 100 * share,
        }
        return {"success": share <= self.max_share, "result": result}

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(cls, configuration: Any = None, **_: Any) -> list[Any]:
        """What Data Docs say of it; parameters, unlike the template, are escaped there."""
        names = ("rule", "column", "reason")
        params = {name: configuration.kwargs.get(name) for name in names}
        params["keeps"] = predicate_text(configuration)
        params["severity"] = configuration.severity.value
        text = {
            "template": "$rule $column: $keeps ($severity). $reason",
            "params": params,
            "styling": {"params": {"rule": {"classes": ["badge", "badge-secondary"]}}},
        }
        return [RenderedStringTemplateContent(string_template=text)]


def predicate_text(configuration: Any) -> str:
    """Return what its rows keep, for a person."""
    predicate = (configuration.meta or {}).get("predicate")
    return str(predicate or configuration.kwargs["keeps"])


def row_rules(rules: Iterable[RowRule]) -> list[ExpectRowsToKeep]:
    """Return the quarantine's rules, as expectations of counts (``n_rows``) of rows by ``broken_rule``
    (``expectations.rules.first_broken``) with a file ``in_file`` that has one, each with its own
    predicate in ``meta``."""
    return [
        ExpectRowsToKeep(
            rule=rule.name, column=", ".join(rule.columns), keeps=f"NOT broken_rule <=> '{rule.name}'",
            n_rows="n_rows", who="in_file", severity="critical", meta={"predicate": rule.predicate},
            reason=f"The quarantine takes rows where {rule.reason}; here one came through.",
        )
        for rule in rules
    ]  # fmt: skip
