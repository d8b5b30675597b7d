"""The eleven shared trials as the reader alone sees them: who listened, and how many plays there are."""

import json
from collections import Counter

import pytest

from jobs.ingest.landing import Root, list_landing
from jobs.ingest.reading import read_file
from tests.conftest import SHARED

pytestmark = pytest.mark.real_data
TRIALS = SHARED / "data" / "trials"
LANDINGS = [
    ("02-spotify-account-data/landing", {"ben": 3}),
    ("04-spotify-who-listened/landing", {"dora.k": 4, "emil_w": 2}),
    ("04-spotify-who-listened/landing-unnamed", {}),
    ("08-spotify-not-really-played/landing", {"kim": 23}),
    ("10-listenbrainz-export/landing", {"mia": 5}),
    ("10-listenbrainz-export/landing-as-unpacked", {"mia_vale": 5}),
    ("11-zips-as-downloaded/landing", {"noa": 3}),
    ("12-listenbrainz-durations/landing", {"oli": 10}),
    ("25-a-decade-in-one-night/landing", {"vera": 300}),
    ("27-same-play-two-services/landing", {"yan": 12}),
]


@pytest.mark.parametrize(("landing", "plays"), LANDINGS, ids=[name for name, _ in LANDINGS])
def test_the_listeners_of_a_trial(landing, plays):
    if not TRIALS.is_dir():
        pytest.skip("no real data here: set NOCTURNE_SHARED to the shared folder")
    root, found = Root(str(TRIALS / landing)), Counter()
    files = [file for file in list_landing(root).files if file.kind == "listens"]
    for file in (file for file in files if not file.name.endswith("own.jsonl")):
        rows = [row for batch in read_file(root, file) for row in batch.to_pylist()]
        if json.loads(rows[-1]["census"])["rule"] is None:
            found.update(row["user_id"] for row in rows[:-1] if row["rule"] is None)
    assert found == plays
