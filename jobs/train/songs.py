"""One listener's liked and disliked songs, from a CSV file."""

from pathlib import Path

import numpy as np
import pandas as pd

from jobs.domain.arrays import Floats, Ints
from jobs.errors import BadDataError, NoInputError
from models.features import FEATURES
from models.paper.folds import Songs

COLUMNS = (*FEATURES, "liked", "title", "artist")


def read_songs(path: Path) -> Songs:
    """Return the 13 features, ``liked`` (0 or 1), ``title`` and ``artist``, by header; others are
    ignored.

    NoInputError without the file or without rows; BadDataError if a column is missing, a feature is no
    finite number, or a label is neither 0 nor 1: nothing is filled in or left out silently.
    """
    if not path.is_file():
        raise NoInputError(f"{path}: no such file; --data takes a CSV file with {', '.join(COLUMNS)}")
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if missing := [name for name in COLUMNS if name not in table]:
        raise BadDataError(f"{path}: no column {', '.join(missing)}; needed are {', '.join(COLUMNS)}")
    if table.empty:
        raise NoInputError(f"{path}: no songs, only a header")
    features = np.column_stack([_numbers(path, table[name]) for name in FEATURES])
    liked = _numbers(path, table["liked"])
    if not np.isin(liked, (0, 1)).all():
        row = int(np.argmin(np.isin(liked, (0, 1))))
        raise BadDataError(f"{path}, line {row + 2}: liked is {liked[row]:g}; it must be 0 or 1")
    artist, title = (table[name].str.strip().str.casefold() for name in ("artist", "title"))
    return Songs(features, liked.astype(int), _ids(title + "\n" + artist), _ids(artist))


def _numbers(path: Path, column: "pd.Series[str]") -> Floats:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(float)
    if not (finite := np.isfinite(numbers)).all():
        row = int(np.argmin(finite))
        raise BadDataError(
            f"{path}, line {row + 2}: {column.name} is {column.iloc[row]!r}; it must be a number"
        )
    return numbers


def _ids(names: "pd.Series[str]") -> Ints:
    return np.asarray(pd.factorize(names)[0], np.int64)
