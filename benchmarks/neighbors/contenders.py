"""One contender, once: reads a matrix, prints a JSON line with seconds, peak MB and what it found."""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from jobs.neighbors.kernel import pearson_neighbors
from jobs.neighbors.recall import recall
from jobs.settings import LakeSettings, NeighborsSettings, Settings, SparkSettings, StoreSettings
from jobs.stage import peak_memory_mb

Result = dict[str, float]
DAY = date(2026, 6, 28)
# A budget that a fifth of the pair operations fill, and the night's own rule.
LESS = 5
NIGHT: dict[str, Any] = NeighborsSettings().model_dump(
    include={"support", "k", "k_dissimilar", "min_overlap", "shrinkage"}
)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds and result."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def in_process(work: Callable[[], Any]) -> tuple[Result, Any]:
    """Seconds, those that all threads spent on a core (a busy machine changes them less), and result."""
    on_cores = time.process_time()
    seconds, result = timed(work)
    return {"seconds": seconds, "core seconds": time.process_time() - on_cores}, result


def pair_operations(ratings: sp.csr_matrix) -> float:
    """Sum over items of listeners^2."""
    return float((np.bincount(ratings.indices).astype(np.float64) ** 2).sum())


def kernel(ratings: sp.csr_matrix, n_threads: int) -> Result:
    """Exact co-rated Pearson, overlap 5, top 50."""
    pearson_neighbors(ratings[:100], k_dissimilar=0, n_threads=n_threads)
    result, _ = in_process(lambda: pearson_neighbors(ratings, k_dissimilar=0, n_threads=n_threads))
    return result


def implicit(ratings: sp.csr_matrix) -> Result:
    """Top 50 by plain dot product of all pairs of rows."""
    from implicit.nearest_neighbours import all_pairs_knn

    columns = ratings.T.tocsr()
    result, _ = in_process(lambda: all_pairs_knn(columns, 50, num_threads=2))
    return result


def surprise(ratings: sp.csr_matrix) -> Result:
    """Its dense Pearson matrix; then, untimed, how far its top 50 are from the kernel's."""
    from surprise.similarities import pearson

    by_item = ratings.tocsc()
    given = {
        item: list(zip(by_item.indices[a:b].tolist(), by_item.data[a:b].tolist(), strict=True))
        for item, (a, b) in enumerate(zip(by_item.indptr[:-1], by_item.indptr[1:], strict=True))
    }
    result, matrix = in_process(lambda: pearson(ratings.shape[0], given, 5))
    ours = pearson_neighbors(ratings, k_dissimilar=0)
    np.fill_diagonal(matrix, 0)
    theirs = -np.sort(-matrix, axis=1)[:, :50]
    top = np.zeros_like(theirs)
    top[ours.user, ours.rank - 1] = np.maximum(ours.pearson, 0)
    same = np.abs(matrix[ours.user, ours.neighbor] - ours.pearson).max()
    return result | {"furthest pair": same, "furthest place": np.abs(top - theirs).max()}


def growth_exact(ratings: sp.csr_matrix) -> Result:
    """Exact co-rated Pearson, overlap 5, top 50, two threads, against the pair operations."""
    result, operations = kernel(ratings, 2), pair_operations(ratings)
    each = result["core seconds"] / operations * 1e9
    return result | {"pair operations": operations, "core ns each": each}


def growth_budget(ratings: sp.csr_matrix) -> Result:
    """The night's rule, exact and with a fifth of the pair operations; recall of all lists of 50."""
    rule = NIGHT | {"k_dissimilar": 0, "n_threads": 2}
    budget = int(pair_operations(ratings) / LESS)
    pearson_neighbors(ratings[:100], **rule, pair_budget=10)
    whole, exact = in_process(lambda: pearson_neighbors(ratings, **rule))
    result, found = in_process(lambda: pearson_neighbors(ratings, **rule, pair_budget=budget))
    of_all = {f"{name}, exact": value for name, value in whole.items()}
    return result | of_all | {"recall": recall(found, exact)}


def spark_stage(ratings: sp.csr_matrix, n_blocks: int | None) -> Result:
    """The stage from the ratings table to the neighbors table; session, worker and code are warm.

    As planned for so few pair operations, in one task; or in the tasks of ``n_blocks``.
    """
    from jobs.lake.session import open_session
    from jobs.neighbors.stage import find_neighbors
    from jobs.stage import Night
    from jobs.window import Window

    if n_blocks:
        force_blocks(n_blocks)
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_in(folder, {"support": "co_rated", "min_overlap": 5, "shrinkage": 0.0})
        open_session(settings, "benchmark")
        nights = [DAY + timedelta(days=2 * i) for i in range(4)]
        write_ratings(settings, ratings[:500], nights[0])
        for night in nights[1:]:
            write_ratings(settings, ratings, night)
        runs = [timed(lambda on=on: find_neighbors(Night(Window.night(on), settings))) for on in nights]
    return {"seconds": float(np.median([seconds for seconds, _ in runs[1:]]))}


def force_blocks(n_blocks: int) -> None:
    """Make the stage of this process plan so many blocks."""
    from jobs.neighbors import stage

    planned = stage.make_plan
    stage.make_plan = lambda *args, **options: planned(*args, **options, n_blocks=n_blocks)


def settings_in(folder: str, neighbors: dict[str, Any]) -> Settings:
    """Settings whose every folder is in this one."""
    return Settings(
        home=f"{folder}/home",
        lake=LakeSettings(root=f"{folder}/lake"),
        store=StoreSettings(root=f"{folder}/store"),
        spark=SparkSettings(master="local[2]", driver_memory="8g"),
        neighbors=NeighborsSettings(**neighbors),
    )


def write_ratings(settings: Settings, ratings: sp.csr_matrix, on: date) -> None:
    """The matrix as a night's ratings table."""
    from jobs.lake.arrow import replace_night

    coo = ratings.tocoo()
    n = len(coo.data)
    columns = {
        "as_of": pa.repeat(on, n),
        "user_id": pa.array(np.char.add("user-", coo.row.astype(str))),
        "track_id": pa.array(np.char.add("track-", coo.col.astype(str))),
        "rating": coo.data,
        "n_plays": pa.repeat(1, n),
        "n_skips": pa.repeat(0, n),
        "last_listened_at": pa.nulls(n),
    }
    replace_night(settings, "ratings", pa.table(columns).to_pylist(), on)


def _rows(spark: Any, ratings: sp.csr_matrix) -> Any:
    coo = ratings.tocoo()
    return spark.createDataFrame(pa.table({"u": coo.row, "i": coo.col, "r": coo.data}))


def _session(folder: str) -> Any:
    from jobs.lake.session import open_session

    return open_session(settings_in(folder, {}), "benchmark")


def self_join(ratings: sp.csr_matrix) -> Result:
    """The definition in Spark SQL: join on the item, six sums, a window for the top 50."""
    with tempfile.TemporaryDirectory() as folder:
        spark = _session(folder)
        _rows(spark, ratings).write.parquet(f"{folder}/ratings")
        spark.read.parquet(f"{folder}/ratings").createOrReplaceTempView("ratings")
        query = """
            WITH sums AS (
              SELECT a.u, b.u AS v, count(*) n, sum(a.r) sx, sum(b.r) sy, sum(a.r * a.r) sxx,
                     sum(b.r * b.r) syy, sum(a.r * b.r) sxy
              FROM ratings a JOIN ratings b ON a.i = b.i AND a.u <> b.u GROUP BY a.u, b.u
              HAVING count(*) >= 5),
            scores AS (
              SELECT u, v, n, (n * sxy - sx * sy) / sqrt((n * sxx - sx * sx) * (n * syy - sy * sy)) r
              FROM sums WHERE n * sxx > sx * sx AND n * syy > sy * sy)
            SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY u ORDER BY r DESC, n DESC, v) k
                           FROM scores) WHERE k <= 50"""
        seconds, _ = timed(lambda: spark.sql(query).write.parquet(f"{folder}/neighbors"))
    return {"seconds": seconds}


def _items(ratings: sp.csr_matrix) -> Iterator[tuple[int, list[int], list[float]]]:
    """For each item the number of listeners, those who rated it, and their ratings."""
    columns = ratings.T.tocsr()
    for i in range(columns.shape[0]):
        yield columns.shape[1], columns[i].indices.tolist(), columns[i].data.tolist()


def ml_correlation(ratings: sp.csr_matrix) -> Result:
    """Spark ml's Correlation: listeners as columns, dense, over all items, no lists."""
    from pyspark.ml.linalg import Vectors
    from pyspark.ml.stat import Correlation

    with tempfile.TemporaryDirectory() as folder:
        spark = _session(folder)
        items = [(Vectors.sparse(*item),) for item in _items(ratings)]
        rows = spark.createDataFrame(items, ["features"]).cache()
        rows.count()
        seconds, _ = timed(lambda: Correlation.corr(rows, "features").head())
    return {"seconds": seconds}


def column_similarities(ratings: sp.csr_matrix) -> Result:
    """RowMatrix.columnSimilarities: cosine of all pairs of listeners, no lists."""
    from pyspark.mllib.linalg import Vectors
    from pyspark.mllib.linalg.distributed import RowMatrix

    with tempfile.TemporaryDirectory() as folder:
        spark = _session(folder)
        items = [Vectors.sparse(*item) for item in _items(ratings)]
        rows = spark.sparkContext.parallelize(items, 8).cache()
        rows.count()
        seconds, _ = timed(lambda: RowMatrix(rows).columnSimilarities().entries.count())
    return {"seconds": seconds}


CONTENDERS: dict[str, Callable[[sp.csr_matrix], Result]] = {
    "kernel 1 thread": lambda ratings: kernel(ratings, 1),
    "kernel 2 threads": lambda ratings: kernel(ratings, 2),
    "implicit 2 threads": implicit,
    "surprise": surprise,
    "spark stage": lambda ratings: spark_stage(ratings, None),
    "spark stage, 3 blocks": lambda ratings: spark_stage(ratings, 3),
    "spark self-join": self_join,
    "spark ml Correlation": ml_correlation,
    "spark columnSimilarities": column_similarities,
    "growth exact": growth_exact,
    "growth budget": growth_budget,
}


def main() -> None:
    """Run the contender named by the first argument on the matrix in the second."""
    contender, path = sys.argv[1:]
    result = CONTENDERS[contender](sp.load_npz(path))
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    mb = peak_memory_mb() if contender.startswith("spark") else own
    print(json.dumps({key: float(value) for key, value in result.items()} | {"mb": mb}))


if __name__ == "__main__":
    main()
