"""Listeners and tracks as numbers: from rows of a table to a sparse matrix and back.

Both are numbered in the order of their ids: listeners because it breaks ties, tracks so that a pair's
sums add up in the same order whoever else listens.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp
from numpy.typing import NDArray


@dataclass(frozen=True)
class RatingMatrix:
    """Ratings with a row a listener and a column a track; ``users`` and ``tracks`` name them."""

    ratings: sp.csr_matrix
    users: pa.StringArray
    tracks: pa.StringArray


def rating_matrix(table: pa.Table) -> RatingMatrix:
    """Number listeners and tracks of a table: user_id, track_id, rating; a row a listener and track."""
    users, rows = _numbered(table["user_id"])
    tracks, columns = _numbered(table["track_id"])
    values, shape = table["rating"].to_numpy(), (len(users), len(tracks))
    return RatingMatrix(sp.csr_matrix((values, (rows, columns)), shape=shape), users, tracks)


def _numbered(ids: pa.ChunkedArray) -> tuple[pa.StringArray, NDArray[np.int32]]:
    """The distinct ids, sorted by their bytes as Spark sorts them, and each row's place among them."""
    found = pc.dictionary_encode(ids.combine_chunks())
    order = pc.sort_indices(found.dictionary)
    place = np.empty(len(order), np.int32)
    place[order.to_numpy()] = np.arange(len(order), dtype=np.int32)
    return found.dictionary.take(order), place[found.indices.to_numpy()]
