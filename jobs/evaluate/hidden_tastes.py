"""The hidden tastes of a made-up landing, where a file tells them: for evaluation, never for a night."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.domain.arrays import Floats
from jobs.errors import UsageError
from jobs.lake.split import Split, located
from models.features import FEATURES
from models.ranking.lists import PADDING, Lists

COLUMNS = ["user_id", "taste", "bias"]
NOTE = ("feature_mean", "feature_std", "z_clip", "gain")


@dataclass(frozen=True)
class HiddenTastes:
    """Taste float64[n_listeners, 13] and bias, NaN of who is not in the file; ``z`` of each track."""

    taste: Floats
    bias: Floats
    z: Floats
    gain: float

    def like_rates(self, first: int, lists: Lists) -> Floats:
        """Return the mean true chance that a track of the list of listener ``first`` + i is liked, which
        is not skipped: sigmoid(gain * taste . z - bias). NaN for an empty list."""
        rows = slice(first, first + len(lists))
        score = np.einsum("lf,lrf->lr", self.taste[rows], self.z[lists])
        chance = 1 / (1 + np.exp(self.bias[rows, None] - self.gain * score))
        chance = np.where((lists != PADDING) & ~np.isnan(chance), chance, 0.0)
        n = ((lists != PADDING) & ~np.isnan(score)).sum(axis=1)
        rate: Floats = np.full(len(lists), np.nan)
        np.divide(chance.sum(axis=1), n, out=rate, where=n > 0)
        return rate


def read_hidden_tastes(path: Path, split: Split) -> HiddenTastes:
    """From a parquet file with user_id, taste (a list of 13) and bias, its formula in the metadata
    ``hidden_truth``; UsageError if it is not one."""
    try:
        table = pq.read_table(path, columns=COLUMNS)
        note = json.loads((table.schema.metadata or {})[b"hidden_truth"])
        mean, spread, clip, gain = (np.array(note[name], float) for name in NOTE)
        tastes = np.array(table["taste"].to_pylist(), float).reshape(-1, len(FEATURES))
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise UsageError(
            f"--truth {path} does not tell hidden tastes ({_first_line(error)}): give a parquet file "
            f"with the columns {', '.join(COLUMNS)} and the metadata hidden_truth"
        ) from None
    place = located(table["user_id"].combine_chunks(), split.user_ids)
    there = place >= 0
    taste = np.full((split.n_listeners, len(FEATURES)), np.nan)
    bias = np.full(split.n_listeners, np.nan)
    taste[place[there]] = tastes[there]
    bias[place[there]] = table["bias"].to_numpy()[there]
    z = np.clip((split.features - mean) / spread, -clip, clip)
    return HiddenTastes(taste, bias, z, float(gain))


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
