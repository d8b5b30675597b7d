"""Whole nights in one process: the stages of the night, called in their order, in one Spark session."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from jobs.evaluate.stage import report
from jobs.ingest.stage import ingest_landing
from jobs.lake.arrow import table_rows
from jobs.lake.catalog import TABLES
from jobs.neighbors.stage import find_neighbors
from jobs.publish.stage import publish
from jobs.rank.stage import rank_candidates
from jobs.recommend.stage import recommend
from jobs.settings import LakeSettings, LandingSettings, Settings, StoreSettings, TrainSettings
from jobs.stage import Night, run_stage
from jobs.stages import STAGES
from jobs.store import ObjectStore, open_store
from jobs.taste.stage import build_taste
from jobs.train.promote.stage import promote_models
from jobs.train.stage import train_content
from jobs.validate.inputs.stage import gate_inputs
from jobs.validate.playlists.stage import gate_playlists
from jobs.window import Window

FUNCTIONS: dict[str, Callable[[Night], None]] = {
    "ingest": ingest_landing,
    "gate_inputs": gate_inputs,
    "build_taste": build_taste,
    "find_neighbors": find_neighbors,
    "rank_candidates": rank_candidates,
    "train_content": train_content,
    "promote_models": promote_models,
    "recommend": recommend,
    "gate_playlists": gate_playlists,
    "publish": publish,
}
# Seconds and paths differ from run to run.
NOT_ROWS = {"run_ledger"}
# Delta counts commits in the order they came, and a version is compared with what was there before it.
OF_THE_ORDER = {"model_versions": ["data_versions", "reason"]}


@dataclass(frozen=True)
class House:
    """A lake and a store of their own, over a landing."""

    settings: Settings

    @classmethod
    def below(cls, root: Path, landing: Path) -> "House":
        """A new one."""
        return cls(
            Settings(
                home=str(root / "home"),
                landing=LandingSettings(root=str(landing)),
                lake=LakeSettings(root=str(root / "lake")),
                store=StoreSettings(root=str(root / "store")),
                train=TrainSettings(epochs=1),
            )
        )

    @property
    def store(self) -> ObjectStore:
        return open_store(self.settings)

    def run(self, day: date, stages: Iterable[str] = tuple(spec.name for spec in STAGES)) -> None:
        """Run the stages of one night, then its report, whatever became of them."""
        try:
            for name in stages:
                run_stage(name, FUNCTIONS[name], Night(Window.night(day), self.settings))
        finally:
            run_stage("report", report, Night(Window.night(day), self.settings))

    def rows(self, name: str) -> pl.DataFrame:
        """All rows of a table, by its key."""
        return pl.from_arrow(table_rows(self.settings, name).to_table()).sort(TABLES[name].key)

    def tables(self) -> dict[str, pl.DataFrame]:
        """Every table that has been written, but for the ledger and what tells the order of nights."""
        written = sorted(path.name for path in Path(self.settings.lake.root).iterdir() if path.is_dir())
        kept = [name for name in written if name not in NOT_ROWS]
        return {name: self.rows(name).drop(OF_THE_ORDER.get(name, [])) for name in kept}

    def published(self) -> dict[str, bytes]:
        """Every published object."""
        store = self.store
        return {key: store.get(key) for key in store.list("playlists/")}
