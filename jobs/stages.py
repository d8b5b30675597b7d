"""The stages of a night, in the order the data flow. Standard library only: the DAG and the command
line both read it, so that they run the same modules with the same argv."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jobs import fork_client
from jobs.window import Window


@dataclass(frozen=True)
class StageSpec:
    """One stage: its name in the ledger, its module, what it waits for and where it runs.

    ``group`` is its task group in the DAG; ``spark`` stages run through spark-submit there. Stages that
    write the same tables share a ``writer``, whose pool has one slot: two drivers never write one table,
    but for validation_results, where both gates may meet, each in the pool of what it writes besides.
    That is safe: delta-rs alone writes it, and on a folder and on S3 only one writer can make a version;
    a gate that comes second finds that the first replaced no row of its own, and commits the next.
    """

    name: str
    module: str
    group: str
    after: tuple[str, ...]
    spark: bool
    writer: str


STAGES: tuple[StageSpec, ...] = (
    StageSpec("ingest", "jobs.ingest", "inputs", (), True, "landed"),
    StageSpec("gate_inputs", "jobs.validate.inputs", "inputs", ("ingest",), True, "validation"),
    StageSpec("build_taste", "jobs.taste", "taste", ("gate_inputs",), True, "taste"),
    StageSpec("find_neighbors", "jobs.neighbors", "neighbors", ("build_taste",), True, "neighbors"),
    StageSpec("rank_candidates", "jobs.rank", "candidates", ("build_taste",), False, "candidates"),
    StageSpec("train_content", "jobs.train", "models", ("build_taste",), False, "models"),
    StageSpec("promote_models", "jobs.train.promote", "models", ("train_content",), False, "models"),
    StageSpec(
        "recommend",
        "jobs.recommend",
        "playlists",
        ("find_neighbors", "rank_candidates", "promote_models"),
        True,
        "playlists",
    ),
    # A night's lists are public only from here on: with the pool of recommend no other night's lists are
    # being made while that changes what they rest.
    StageSpec(
        "gate_playlists", "jobs.validate.playlists", "playlists", ("recommend",), True, "playlists"
    ),
    StageSpec("publish", "jobs.publish", "playlists", ("gate_playlists",), False, "published"),
)
# The report runs whatever became of the others, once none of them runs any more.
REPORT = StageSpec(
    "report",
    "jobs.evaluate",
    "report",
    ("find_neighbors", "rank_candidates", "promote_models", "publish"),
    False,
    "report",
)


def window_argv(window: Window, force: str | None = None) -> Sequence[str]:
    """Return the argv that every stage understands."""
    argv = ["--window-start", str(window.start), "--window-end", str(window.end)]
    return [*argv, "--force", force] if force else argv


def stage_command(module: str, argv: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return the command that runs a stage as a process of its own: a fork, where the environment names
    a server for that."""
    runner = [fork_client.__file__] if fork_client.FORKS in environment else ["-m"]
    return [sys.executable, *runner, module, *argv]
