"""The shared trials through ingestion, counted file by file: what their descriptions say is kept."""

import pytest

from benchmarks.ingest.real_data import PARTS, files_of
from tests.conftest import SHARED

pytestmark = [pytest.mark.spark, pytest.mark.real_data]
# Rows kept, duplicate, quarantined, left out. Of 11: 40 tracks and features of the catalog, six plays
# of the town, three in the archives. Of 14, the plays of 1970 and the one without a time are not kept.
COUNTS = {"02": (25, 0, 0, 2), "04": (6, 0, 0, 0), "11": (89, 0, 0, 0), "14": (125, 0, 15, 0)}


@pytest.mark.parametrize("trial", COUNTS)
def test_every_row_of_a_trial_is_kept_or_told(trial, spark, tmp_path):
    if not (SHARED / "data" / "trials").is_dir():
        pytest.skip("no real data here: set NOCTURNE_SHARED to the shared folder")
    (landing,) = (SHARED / "data" / "trials").glob(f"{trial}-*/landing")
    files = list(files_of(f"trials/{trial}", landing, tmp_path, {}))
    assert [file.line for file in files if file.is_wrong] == []
    found = tuple(sum(file.parts[part] for file in files) for part in PARTS)
    assert found == COUNTS[trial], "\n".join(file.line for file in files)
