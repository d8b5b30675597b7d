"""The stages of a night, in the order the data flow. Standard library only: the DAG and the command
line both read it, so that they run the same modules with the same argv."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.window import Window


@dataclass(frozen=True)
class StageSpec:
    """One stage: its name in the ledger, its module, what it waits for and where it runs.

    ``group`` is its task group in the DAG; ``spark`` stages run through spark-submit there.
    """

    name: str
    module: str
    group: str
    after: tuple[str, ...]
    spark: bool


STAGES: tuple[StageSpec, ...] = (
    StageSpec("ingest", "jobs.ingest", "inputs", (), spark=True),
    StageSpec("gate_inputs", "jobs.validate.inputs", "inputs", ("ingest",), spark=True),
    StageSpec("build_taste", "jobs.taste", "taste", ("gate_inputs",), spark=True),
    StageSpec("find_neighbors", "jobs.neighbors", "neighbors", ("build_taste",), spark=True),
    StageSpec("train_content", "jobs.train", "models", ("build_taste",), spark=False),
    StageSpec("promote_models", "jobs.train.promote", "models", ("train_content",), spark=False),
    StageSpec(
        "recommend", "jobs.recommend", "playlists", ("find_neighbors", "promote_models"), spark=True
    ),
    StageSpec("gate_playlists", "jobs.validate.playlists", "playlists", ("recommend",), spark=True),
    StageSpec("publish", "jobs.publish", "playlists", ("gate_playlists",), spark=False),
)
# The report runs whatever became of the others.
REPORT = StageSpec("report", "jobs.evaluate", "report", ("publish",), spark=False)


def window_argv(window: Window, force: str | None = None) -> Sequence[str]:
    """The argv that every stage understands."""
    argv = ["--window-start", str(window.start), "--window-end", str(window.end)]
    return [*argv, "--force", force] if force else argv
