"""The stage: the night's plays to ranked candidates for every listener."""

from collections.abc import Iterator

import pyarrow as pa

from jobs.errors import NocturneError
from jobs.lake.arrow import replace_night, version
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema
from jobs.lake.split import read_split
from jobs.rank.learning import learn, outcome, ranker_of
from jobs.rank.proposals import facts_of, proposals
from jobs.stage import Night
from models.candidates.retrieval import Retrieval
from models.errors import ModelError


def rank_candidates(night: Night) -> None:
    """Replace the night's candidates; first learn a ranker, where an outcome is known."""
    settings = night.settings.rank
    try:
        learnt = learn(night, outcome(night))
        ranker = ranker_of(night)
    except ModelError as error:
        raise NocturneError(str(error)) from None
    split = read_split(night.settings, night.window.as_of, days=0)
    retrieval = Retrieval(facts_of(split), settings.n_a_source, settings.sources)
    if ranker and ranker.trees.columns != retrieval.columns:
        learnt["reason"] = f"{ranker.version} was learnt from other sources than tonight's"
        ranker = None
    batches = proposals(split, retrieval, ranker, settings.n_candidates)
    night.summary.rows_in = split.n_listeners
    reader = pa.RecordBatchReader.from_batches(
        arrow_schema(TABLES["candidates"]), _counted(batches, night)
    )
    replace_night(night.settings, "candidates", reader, night.window.as_of)
    night.summary.table_versions = {"candidates": version(night.settings, "candidates")}
    night.summary.details = {
        "sources": list(retrieval.sources),
        "ranker": ranker.version if ranker else None,
        **learnt,
    }


def _counted(batches: Iterator[pa.RecordBatch], night: Night) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        night.summary.rows_out += len(batch)
        yield batch
