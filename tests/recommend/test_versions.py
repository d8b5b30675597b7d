"""Other recordings of what was heard stay out of a list, and of a new song at most one gets in."""

import pyarrow as pa

from jobs.recommend.compose import PlaylistBuilder
from jobs.recommend.tracks import catalog_of
from models.features import FEATURES
from tests.recommend.test_compose import RULES
from tests.recommend.town import ints, matrix, stranger

HEARD = ["Saltwater", "Wait for Me (A Letter to Jo)"]
VERSIONS = [
    "Saltwater - Remastered 2009", "Saltwater - 2017 Remaster", "Saltwater (2017 Remaster)",
    "Saltwater - Radio Edit", "Saltwater - Live at the Pier", "Saltwater (Acoustic)",
    "Saltwater - Mono / Remastered 2009", "Saltwater - Single Version", "SALTWATER", "Saltwater",
    "Saltwater (feat. Oona)", "Saltwater (with Oona)", "Wait for Me (A Letter to Jo) - 2017 Remaster",
]  # fmt: skip
OTHERS = ["Saltwater II", "Live Bait", "Edit the Tide", "Wait for Me"]
NEW_SONG = ["Ebb", "Ebb - Remastered", "Ebb (Live)", "Ebb (Remastered 2020)"]
TITLES = [*HEARD, *VERSIONS, *OTHERS, *NEW_SONG]


def test_a_list_has_no_version_of_what_was_heard_and_one_of_a_song():
    rows = [("tide", "Tide", title) for title in TITLES] + [("moss", "Moss", "Saltwater")]
    tracks = catalog_of(
        pa.table(
            {
                "track_id": [f"t{n:02d}" for n in range(len(rows))],
                "title": [title for _, _, title in rows],
                "artist": [name for _, name, _ in rows],
                "artist_ids": [[artist] for artist, _, _ in rows],
            }
        ),
        pa.table({"track_id": ["none"], **{name: [0.5] for name in FEATURES}}),
    )
    rules = vars(RULES) | {"n_tracks": 30, "artist_cap": 30}
    builder = PlaylistBuilder(tracks, matrix(tracks), None, type(RULES)(**rules))
    [row] = builder.playlists([stranger(heard=ints(0, 1))])
    listed = [(track["artist"], track["title"]) for track in row["tracks"]]
    of_new = [title for _, title in listed if title in NEW_SONG]
    assert len(of_new) == 1
    assert sorted(listed) == sorted([("Tide", t) for t in [*OTHERS, *of_new]] + [("Moss", "Saltwater")])
