"""Candidates as rows of their table, block of listeners by block."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix

from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema
from jobs.lake.split import Split
from models.candidates.facts import Facts
from models.candidates.ranker import fused, ranked
from models.candidates.retrieval import Retrieval
from models.candidates.trees import Trees
from models.peers.peer import blocks

BLOCK_LISTENERS = 128


@dataclass(frozen=True)
class Ranker:
    """A version of the ranker."""

    version: str
    trees: Trees


def facts_of(split: Split) -> Facts:
    """Return what the night of the split knew; a like speaks for a track as much as a play of today."""
    plays, decayed = csr_matrix(split.plays + split.likes), csr_matrix(split.decayed + split.likes)
    return Facts(plays, decayed, split.skips, split.heard, split.credits, split.age_days)


def proposals(
    split: Split, retrieval: Retrieval, ranker: Ranker | None, n_candidates: int
) -> Iterator[pa.RecordBatch]:
    """Return batches of ``candidates``: the ``n_candidates`` best of each listener, by id and rank.

    Scores are chances to be played, rounded so that they do not depend on the block; without a ranker
    they are of all sources together.
    """
    schema = arrow_schema(TABLES["candidates"])
    names = pa.array(list(retrieval.sources))
    for first, last in blocks(split.n_listeners, BLOCK_LISTENERS):
        rows = retrieval.rows(first, last)
        scores = ranker.trees.probabilities(rows.values) if ranker else fused(rows)
        order = ranked(rows, np.round(scores, 6), n_candidates)
        kept = rows.at(order.rows)
        because = retrieval.because(kept)
        yield pa.record_batch(
            {
                "as_of": pa.array([split.night] * len(kept), pa.date32()),
                "user_id": split.user_ids.take(pa.array(kept.listener)),
                "rank": pa.array(order.places + 1, pa.int32()),
                "track_id": split.track_ids.take(pa.array(kept.track)),
                "score": pa.array(np.round(scores, 6)[order.rows]),
                "source": names.take(pa.array(kept.best_source)),
                "because": split.track_ids.take(pa.array(because, mask=because < 0)),
                "model_version": pa.array([ranker.version if ranker else None] * len(kept), pa.string()),
            },
            schema=schema,
        )
