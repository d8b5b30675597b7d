"""The stage: the night's ratings to the neighbors table."""

import logging

from jobs.errors import NoInputError
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.neighbors.coding import coded
from jobs.neighbors.distribute import neighbors_of_all
from jobs.neighbors.pairs import Rule
from jobs.neighbors.plan import make_plan, measured
from jobs.stage import Night

log = logging.getLogger("nocturne.neighbors")


def find_neighbors(night: Night) -> None:
    """Replace the night's neighbors; NoInputError if nobody has a rating."""
    settings, as_of = night.settings, night.window.as_of
    lake, chosen = Lake(open_session(settings, "find_neighbors"), settings), settings.neighbors
    matrix = coded(lake.read("ratings", as_of).select("user_id", "track_id", "rating").toArrow())
    size = measured(matrix.ratings)
    if not size.n_ratings:
        raise NoInputError(f"no listener has a rating on {as_of}: run build_taste for this night first")
    plan = make_plan(
        size,
        k_both=chosen.k + chosen.k_dissimilar,
        n_cores=lake.spark.sparkContext.defaultParallelism,
        task_memory_mb=chosen.task_memory_mb,
    )
    log.info(
        "%s: %d listeners, %d ratings, %.3g pair operations in %d tasks",
        as_of, size.n_listeners, size.n_ratings, size.pair_operations, len(plan.tasks),
    )  # fmt: skip
    n_items = size.n_tracks if chosen.support == "all" else 0
    rule = Rule(n_items, chosen.k, chosen.k_dissimilar, chosen.min_overlap, chosen.shrinkage)
    rows = neighbors_of_all(lake.spark, matrix, plan, rule)
    lake.replace_night(rows.selectExpr(f"DATE'{as_of}' AS as_of", "*"), "neighbors", as_of)
    written = lake.read("neighbors", as_of)
    night.summary.rows_in = size.n_ratings
    night.summary.rows_out = written.count()
    night.summary.table_versions = lake.versions("neighbors")
    night.summary.details = {
        "support": chosen.support,
        "n_listeners": size.n_listeners,
        "n_tracks": size.n_tracks,
        "pair_operations": size.pair_operations,
        "n_tasks": len(plan.tasks),
    }
