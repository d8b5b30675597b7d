import numpy as np
import pytest

from jobs.errors import BadDataError, NoInputError
from jobs.train.songs import read_songs

HEADER = (
    "title,artist,liked,danceability,energy,key,loudness,mode,speechiness,acousticness,"
    "instrumentalness,liveness,valence,tempo,duration_ms,time_signature\n"
)
NUMBERS = "0.5,0.6,2,-8.5,1,0.04,0.01,0,0.165,0.286,150.1,204600,4.0"


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "songs.csv"
        path.write_text(text)
        return path

    return write


def test_songs_and_artists_are_told_apart_by_name_whatever_its_case(written):
    rows = ["One,A,1", "ONE , a,0", "Two,A,1", "One,B,0", "NA,None,1"]
    songs = read_songs(written(HEADER + "".join(f"{row},{NUMBERS}\n" for row in rows)))
    assert list(songs.song) == [0, 0, 1, 2, 3]
    assert list(songs.artist) == [0, 0, 0, 1, 2]
    assert list(songs.liked) == [1, 0, 1, 0, 1]
    np.testing.assert_allclose(songs.features[0], [float(number) for number in NUMBERS.split(",")])


def test_columns_go_by_name_not_by_place(written):
    path = written(HEADER + f"One,A,1,{NUMBERS}\n")
    reordered = written(
        "\n".join(",".join(reversed(line.split(","))) for line in path.read_text().split())
    )
    songs = read_songs(reordered)
    assert songs.features[0, 3] == -8.5


def test_no_file_is_no_input(tmp_path):
    with pytest.raises(NoInputError, match=r"absent\.csv: no such file"):
        read_songs(tmp_path / "absent.csv")


def test_a_header_alone_is_no_input(written):
    with pytest.raises(NoInputError, match="no songs"):
        read_songs(written(HEADER))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER.replace("tempo,", ""), "no column tempo"),
        (HEADER + f"One,A,1,{NUMBERS}\nTwo,A,2,{NUMBERS}\n", "line 3: liked is 2; it must be 0 or 1"),
        (HEADER + f"One,A,1,{NUMBERS.replace('-8.5', 'loud')}\n", "line 2: loudness is 'loud'"),
        (HEADER + f"One,A,1,{NUMBERS.replace('-8.5', '')}\n", "line 2: loudness is ''"),
        (HEADER + f"One,A,1,{NUMBERS.replace('-8.5', 'inf')}\n", "line 2: loudness is 'inf'"),
    ],
)
def test_bad_data_is_refused_by_line(written, text, message):
    with pytest.raises(BadDataError, match=message):
        read_songs(written(text))


@pytest.mark.real_data
def test_the_songs_of_the_paper(shared_data):
    songs = read_songs(shared_data / "song_attributes" / "songs.csv")
    assert len(songs) == 2017
    assert songs.liked.sum() == 1020
    labels = {song: set(songs.liked[songs.song == song]) for song in songs.song}
    assert sum(len(both) == 2 for both in labels.values()) == 3
