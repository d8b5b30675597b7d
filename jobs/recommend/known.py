"""The catalog and the ratings of a night, read through delta-rs: they go to every worker whole, and
Spark would start dozens of jobs to bring them to the driver."""

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from jobs.lake.arrow import table_rows
from jobs.lake.catalog import TABLES
from jobs.recommend.shelves import RatingMatrix, rating_matrix
from jobs.recommend.tracks import Tracks, catalog_of
from jobs.settings import Settings
from jobs.window import Window
from models.features import FEATURES


def read_tracks(settings: Settings, window: Window) -> Tracks:
    """Tracks and features as last landed by the window's end, as ``jobs.lake.history`` has them."""
    landed = ds.field("landed_on") < window.end
    tracks = _rows(settings, "tracks_history", ["track_id", "title", "artist", "artist_ids"], landed)
    features = _rows(settings, "audio_features_history", ["track_id", *FEATURES], landed)
    return catalog_of(_newest(tracks), _newest(features))


def read_rating_matrix(settings: Settings, window: Window, tracks: Tracks) -> RatingMatrix:
    """The night's ratings."""
    columns = ["user_id", "track_id", "rating", "n_plays", "n_skips"]
    return rating_matrix(_rows(settings, "ratings", columns, ds.field("as_of") == window.as_of), tracks)


def _rows(settings: Settings, name: str, columns: list[str], wanted: ds.Expression) -> pa.Table:
    extra = [TABLES[name].partition] if TABLES[name].partition == "landed_on" else []
    return table_rows(settings, name).to_table(columns=[*columns, *extra], filter=wanted)


def _newest(history: pa.Table) -> pa.Table:
    """One row a track, as last landed, in the order of track_id."""
    history = history.sort_by([("track_id", "ascending"), ("landed_on", "descending")])
    ids = history["track_id"].to_numpy()
    first = np.ones(len(ids), bool)
    first[1:] = ids[1:] != ids[:-1]
    return history.filter(pa.array(first)).drop_columns("landed_on").combine_chunks()
