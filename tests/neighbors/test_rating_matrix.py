import pyarrow as pa

from jobs.neighbors.rating_matrix import rating_matrix


def test_listeners_and_tracks_are_numbered_in_the_order_of_their_ids():
    table = pa.table(
        {
            "user_id": ["é", "b", "B", "b"],
            "track_id": ["x", "z", "x", "y"],
            "rating": [1.0, 2.0, 3.0, 0.0],
        }
    )
    found = rating_matrix(table)
    assert found.users.to_pylist() == ["B", "b", "é"]
    assert found.tracks.to_pylist() == ["x", "y", "z"]
    assert found.ratings.toarray().tolist() == [[3, 0, 0], [0, 0, 2], [1, 0, 0]]
    assert found.ratings.nnz == 4


def test_no_ratings_are_no_rows():
    columns = {"user_id": pa.string(), "track_id": pa.string(), "rating": pa.float64()}
    assert rating_matrix(pa.schema(columns.items()).empty_table()).ratings.shape == (0, 0)


def test_a_number_is_the_place_of_an_id_among_all_and_the_ids_name_the_rows():
    table = pa.table({"user_id": ["z", "a"], "track_id": ["t2", "t1"], "rating": [7.0, 8.0]})
    found = rating_matrix(pa.concat_tables([table.slice(0, 1), table.slice(1)]))
    assert (found.users.to_pylist(), found.tracks.to_pylist()) == (["a", "z"], ["t1", "t2"])
    assert found.ratings.toarray().tolist() == [[8, 0], [0, 7]]
