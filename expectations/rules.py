"""What is true of every good row, as plain SQL, shared by the quarantine and the suites.

A predicate reads the columns of the rule's table (see ``jobs/lake/catalog.py``) and is TRUE for a good
row and FALSE for a bad one. NULL means that there is nothing to judge: a ``missing field`` rule, which
is never NULL, says whether that is allowed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Object keys hold an encoded listener: three bytes for each byte of the id, 1,024 bytes in all.
MAX_ID_BYTES = 256
# No log of plays is older than the first scrobbler; an earlier time is a clock that was never set.
OLDEST_DAY = "2002-01-01"
MAX_MS = 86_400_000


@dataclass(frozen=True)
class RowRule:
    """One row rule: ``name`` (unique within its table, no quotes), the columns it reads, the predicate,
    and why. ``of_odd_texts``: nothing but a character other than ``!`` to ``~`` can break it. ``shown``:
    the column whose value is told with the reason."""

    name: str
    columns: tuple[str, ...]
    predicate: str
    reason: str
    of_odd_texts: bool = False
    shown: str | None = None


def first_broken(rules: Sequence[RowRule]) -> str:
    """Return SQL for the name of the first of the rules that a row breaks, null if it breaks none.

    A bad row counts for one rule, however many it breaks, in the quarantine and in the suites alike.
    """
    # Ids are nearly always plain: one look at all of them spares a look at each for every rule.
    texts = {column: None for rule in rules if rule.of_odd_texts for column in rule.columns}
    if not texts:
        return _first_broken(rules)
    plain = _first_broken([rule for rule in rules if not rule.of_odd_texts])
    # Java finds the end of a run of plain letters in half the time that it finds the first odd one.
    return rf"IF(concat_ws('', {', '.join(texts)}) RLIKE '^[!-~]*\\z', {plain}, {_first_broken(rules)})"


def _first_broken(rules: Iterable[RowRule]) -> str:
    names = (f"IF(({rule.predicate}) <=> false, '{rule.name}', NULL)" for rule in rules)
    return f"coalesce({', '.join(names)})"


def required(*columns: str) -> tuple[RowRule, ...]:
    """Say that every one of the texts has a value; a blank one is none."""
    return tuple(
        _missing(column, f"{column} IS NOT NULL AND trim({column}) != ''", "missing or blank")
        for column in columns
    )


def given(*columns: str) -> tuple[RowRule, ...]:
    """Say that every one of the columns, numbers or times, has a value."""
    return tuple(_missing(column, f"{column} IS NOT NULL", "missing") for column in columns)


def _missing(column: str, predicate: str, how: str) -> RowRule:
    return RowRule(f"missing field: {column}", (column,), predicate, f"{column} is {how}")


def identifiers(*columns: str) -> tuple[RowRule, ...]:
    """Ids are kept letter for letter, so they must be short, on one line and without blank ends."""
    return tuple(rule for column in columns for rule in _identifier(column))


def _identifier(column: str) -> Iterable[RowRule]:
    yield RowRule(
        f"too long: {column}",
        (column,),
        f"octet_length({column}) <= {MAX_ID_BYTES}",
        f"{column} has more than {MAX_ID_BYTES} bytes: no object could be named after it",
    )
    yield RowRule(
        f"control character: {column}",
        (column,),
        rf"NOT {column} RLIKE '[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]'",
        f"{column} holds a control character or a line break",
        of_odd_texts=True,
    )
    yield RowRule(
        f"blank ends: {column}",
        (column,),
        rf"NOT {column} RLIKE '^[\\s\\p{{Z}}\\ufeff]|[\\s\\p{{Z}}\\ufeff]$'",
        f"{column} begins or ends with a blank: it would be somebody else",
        of_odd_texts=True,
    )


def between(column: str, low: float, high: float, reason: str) -> RowRule:
    """Say that the number lies in the closed interval; NaN does not."""
    predicate = f"{column} BETWEEN {low} AND {high}"
    return RowRule(f"out of range: {column}", (column,), predicate, reason, shown=column)


def plausible_time(column: str) -> tuple[RowRule, ...]:
    """Say that the instant lies between the first log of plays and the end of the day it landed on."""
    return (
        RowRule(
            f"implausibly old: {column}",
            (column,),
            f"{column} >= TIMESTAMP'{OLDEST_DAY} 00:00:00Z'",
            f"{column} is before {OLDEST_DAY}: a clock that was never set",
            shown=column,
        ),
        RowRule(
            f"after it landed: {column}",
            (column, "landed_on"),
            f"{column} < CAST(date_add(landed_on, 1) AS TIMESTAMP)",
            f"{column} is after the day on which the row landed",
            shown=column,
        ),
    )
