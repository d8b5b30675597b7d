from jobs.lake.catalog import FEATURES as TABLE_FEATURES
from models.features import FEATURES


def test_the_arrays_have_the_order_of_the_tables():
    assert FEATURES == TABLE_FEATURES
