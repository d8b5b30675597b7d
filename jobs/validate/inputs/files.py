"""What became of the night's landing files, and whose they are."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from expectations.landing_files import (
    FILE_REFUSED,
    HANDED_OUT,
    REFUSED,
    ROWS_QUARANTINED,
    SAME_PLAY,
    SMALL_FILE,
    UNKNOWN_LISTENER,
    too_many_quarantined,
)
from jobs.lake.arrow import table_rows
from jobs.settings import Settings
from jobs.window import Window

PARTS = ("read", "accepted", "quarantined", "duplicate")
N_NAMED = 3


@dataclass(frozen=True)
class RuleCount:
    """How many rows of a file a rule took, and why the first of them; of a refused file, 1."""

    rule: str
    n_rows: int
    reason: str


@dataclass(frozen=True)
class JudgedFile:
    """One landed file: whose it is (``own``: one listener's), what became of its rows, and its
    ``fault``, if any: FILE_REFUSED or ROWS_QUARANTINED.

    ``told`` names up to three files with this fault of the same owners; ``counts`` says the file's
    numbers in words.
    """

    landing_file: str
    listener: str | None
    own: bool
    n_read: int
    n_accepted: int
    n_quarantined: int
    n_duplicate: int
    fault: str | None
    told: str
    counts: str


def landing_files(settings: Settings, window: Window) -> list[dict[str, Any]]:
    """Return the rows of landing_files that landed by the window's end."""
    known = table_rows(settings, "landing_files").to_table(filter=pc.field("landed_on") < window.end)
    rows: list[dict[str, Any]] = known.to_pylist()
    return rows


def broken_rules(settings: Settings, files: Iterable[Mapping[str, Any]]) -> dict[str, list[RuleCount]]:
    """By file, of those that are refused or have more than a fifth of their rows quarantined: the rules
    that took its rows or the file itself, most rows first, from the quarantine."""
    by_kind: dict[str, list[str]] = {}
    for file in files:
        if file["status"] == REFUSED or too_many_quarantined(
            file["rows_quarantined"], file["rows_read"]
        ):
            by_kind.setdefault(file["kind"], []).append(file["landing_file"])
    taken: dict[tuple[str, str], tuple[int, str]] = {}
    for kind, names in by_kind.items():
        wanted = pc.field("landing_file").isin(names) & (pc.field("rule") != SAME_PLAY)
        rows = table_rows(settings, f"{kind}_quarantine")
        for batch in rows.to_batches(columns=["landing_file", "rule", "reason"], filter=wanted):
            counted = pa.Table.from_batches([batch]).group_by(["landing_file", "rule"])
            for row in counted.aggregate([("reason", "count"), ("reason", "min")]).to_pylist():
                key = row["landing_file"], row["rule"]
                n_rows, reason = taken.get(key, (0, row["reason_min"]))
                taken[key] = n_rows + row["reason_count"], min(reason, row["reason_min"])
    found: dict[str, list[RuleCount]] = {}
    for (name, rule), (n_rows, reason) in sorted(taken.items(), key=lambda item: (-item[1][0], item[0])):
        found.setdefault(name, []).append(RuleCount(rule, n_rows, reason))
    return found


def is_own(file: Mapping[str, Any]) -> bool:
    """Return whether a row of landing_files is of one listener's upload, and not of a producer's feed.

    A refused file of which nothing tells the owner is one's own if it is in a format in which a service
    hands listeners their history. Tracks and features are everybody's. So is feedback, unless it lies in
    its listener's folder.
    """
    if file["kind"] == "listens":
        unknown = str(file["reason"] or "").startswith(f"{UNKNOWN_LISTENER}:")
        handed_out = file["status"] == REFUSED and file["source"] in HANDED_OUT
        return file["listener"] is not None or unknown or handed_out
    in_folder = "/user=" in file["landing_file"]
    return file["kind"] == "feedback" and in_folder and file["listener"] is not None


def is_handed_in(file: Mapping[str, Any]) -> bool:
    """Return whether a file is a listener's own by where it lies or by its format: a producer's feed in
    which one listener alone was heard is not."""
    return is_own(file) and ("/user=" in file["landing_file"] or file["source"] in HANDED_OUT)


def judged(
    files: Sequence[Mapping[str, Any]], rules: Mapping[str, Sequence[RuleCount]], accepted: Sequence[str]
) -> list[JudgedFile]:
    """Judge the night's files, by name. ``rules`` are those that took rows of theirs; files whose names
    match a pattern of ``accepted`` were looked at by a person, and have no fault."""
    rows = sorted(files, key=lambda file: file["landing_file"])
    bad_feeds = _bad_small_feeds(rows)
    faults = [
        None
        if any(fnmatch(file["landing_file"], pattern) for pattern in accepted)
        else _fault(file, bad_feeds)
        for file in rows
    ]
    said: dict[tuple[bool, str | None], list[str]] = {}
    for file, fault in zip(rows, faults, strict=True):
        sentence = f"{file['landing_file']}: {why(file, rules.get(file['landing_file'], ()))}"
        said.setdefault((is_own(file), fault), []).append(sentence)
    return [
        JudgedFile(
            landing_file=file["landing_file"],
            listener=file["listener"],
            own=is_own(file),
            **{f"n_{part}": file[f"rows_{part}"] for part in PARTS},
            fault=fault,
            told=_few(said[is_own(file), fault]) if fault else _counts(file),
            counts=_counts(file),
        )
        for file, fault in zip(rows, faults, strict=True)
    ]


def why(file: Mapping[str, Any], rules: Sequence[RuleCount]) -> str:
    """Return what is wrong with a file, and whose it is, for a person."""
    whose = f" (of {file['listener']})" if is_own(file) and file["listener"] else ""
    if file["status"] == REFUSED:
        return f"{file['reason']}{whose}"
    most = ", ".join(f"{count.n_rows:,} by {count.rule!r}" for count in rules[:N_NAMED])
    counted = f"{file['rows_quarantined']:,} of {file['rows_read']:,} rows quarantined"
    return f"{counted}{f', {most}' if most else ''}{whose}"


def _bad_small_feeds(files: Iterable[Mapping[str, Any]]) -> set[str]:
    """Kinds whose small files of many listeners, taken together, have too many quarantined rows."""
    n_read: Counter[str] = Counter()
    n_quarantined: Counter[str] = Counter()
    for file in files:
        if not is_own(file) and file["rows_read"] < SMALL_FILE:
            n_read[file["kind"]] += file["rows_read"]
            n_quarantined[file["kind"]] += file["rows_quarantined"]
    return {kind for kind, n in n_quarantined.items() if too_many_quarantined(n, n_read[kind])}


def _fault(file: Mapping[str, Any], bad_small_feeds: set[str]) -> str | None:
    if file["status"] == REFUSED:
        return FILE_REFUSED
    n_read, n_quarantined = file["rows_read"], file["rows_quarantined"]
    if not is_own(file) and n_read < SMALL_FILE:
        has_share = n_quarantined > 0 and file["kind"] in bad_small_feeds
        return ROWS_QUARANTINED if has_share else None
    return ROWS_QUARANTINED if too_many_quarantined(n_quarantined, n_read) else None


def _counts(file: Mapping[str, Any]) -> str:
    return f"{file['landing_file']}: " + ", ".join(f"{file[f'rows_{part}']:,} {part}" for part in PARTS)


def _few(sentences: Sequence[str]) -> str:
    more = len(sentences) - N_NAMED
    return "; ".join(sentences[:N_NAMED]) + (f"; and {more:,} more" if more > 0 else "")
