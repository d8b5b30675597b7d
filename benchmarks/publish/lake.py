"""A lake with one night of lists, written without Spark."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa

from jobs.lake.arrow import replace, replace_night
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema
from jobs.settings import Settings
from models.features import FEATURES

NIGHT = date(2026, 6, 28)
N_CATALOG, N_TRACKS, LISTENERS_A_BATCH = 40_000, 30, 5_000
EVIDENCE = '{"like":{"artist":"Artist %05d","title":"A title of a song %05d","track_id":"track-%05d"},'
EVIDENCE += '"n_listeners":%d,"score":0.8125,"words":["calm","acoustic"]}'
REASON = "New to you: calm and acoustic, like “A title of a song %05d” by Artist %05d, which you play."


def write_lake(settings: Settings, n_listeners: int) -> None:
    """Write ``n_listeners`` lists of thirty tracks of an invented catalog, and what landed of it."""
    tracks = [_track(n) for n in range(N_CATALOG)]
    replace(settings, "tracks_history", tracks, "true")
    rng = np.random.default_rng(0)
    replace(settings, "audio_features_history", [_sound(n, rng) for n in range(N_CATALOG)], "true")
    schema = arrow_schema(TABLES["playlists"])
    lists = pa.RecordBatchReader.from_batches(schema, _lists(n_listeners, rng, schema))
    replace_night(settings, "playlists", lists, NIGHT)


def _track(n: int) -> dict[str, object]:
    return {
        "track_id": f"track-{n:05d}",
        "title": f"A title of a song {n:05d}",
        "artist_ids": [f"a{n // 8}"],
        "artist": f"Artist {n // 8:05d}",
        "album": f"The album of {n // 10:05d}",
        "release_date": f"{1970 + n % 55}-06-01",
        "duration_ms": 180_000 + n,
        "landed_on": NIGHT,
        "landing_file": "tracks",
    }


def _sound(n: int, rng: np.random.Generator) -> dict[str, object]:
    numbers = dict(zip(FEATURES, rng.random(len(FEATURES)).tolist(), strict=True))
    kinds = {field.name: field.type for field in arrow_schema(TABLES["audio_features_history"])}
    whole = {name: int(value) for name, value in numbers.items() if pa.types.is_integer(kinds[name])}
    source = {"source": "made", "landed_on": NIGHT, "landing_file": "features"}
    return {"track_id": f"track-{n:05d}", **numbers, **whole, **source}


def _lists(n: int, rng: np.random.Generator, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    pools = {
        "track_id": [f"track-{i:05d}" for i in range(N_CATALOG)],
        "title": [f"A title of a song {i:05d}" for i in range(N_CATALOG)],
        "artist": [f"Artist {i // 8:05d}" for i in range(N_CATALOG)],
        "reason": [REASON % (i, i // 8) for i in range(N_CATALOG)],
        "evidence": [EVIDENCE % (i // 8, i, i, i % 40) for i in range(N_CATALOG)],
        "strategy": ["explore" if i % 6 == 0 else "exploit" for i in range(N_CATALOG)],
    }
    values = {name: pa.array(pool) for name, pool in pools.items()}
    for start in range(0, n, LISTENERS_A_BATCH):
        users = [f"listener-{i:07d}" for i in range(start, min(start + LISTENERS_A_BATCH, n))]
        yield _batch(users, values, rng, schema)


def _batch(
    users: list[str], values: dict[str, pa.Array], rng: np.random.Generator, schema: pa.Schema
) -> pa.RecordBatch:
    n = len(users) * N_TRACKS
    # A list begins anywhere in the catalog, and no step leads to the same track twice.
    picked = (rng.integers(N_CATALOG, size=(len(users), 1)) + 1_327 * np.arange(N_TRACKS)) % N_CATALOG
    places = pa.array(np.tile(np.arange(1, N_TRACKS + 1), len(users)), pa.int32())
    columns = {
        "as_of": pa.repeat(pa.scalar(NIGHT), n),
        "user_id": pa.array(np.repeat(users, N_TRACKS)),
        "rank": places,
        "play_order": places,
        "score": pa.array(rng.random(n)),
        "reason_kind": pa.repeat("content", n),
        "model_version": pa.repeat("2026-06-28-0123456789abcdef", n),
        "playlist": pa.repeat("discover", n),
    } | {name: pool.take(pa.array(picked.ravel())) for name, pool in values.items()}
    return pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)
