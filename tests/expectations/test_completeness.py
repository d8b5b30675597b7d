"""How far off a night may be, on both sides of every bound."""

import pytest

from expectations import completeness
from jobs.validate.inputs.stage import VOLUME, as_arrow
from jobs.validate.inputs.volume import Volume
from jobs.validate.runner import SuiteRun
from tests.expectations.batches import tripped

USUAL, FAR = {"volume_is_usual": "warning"}, {"volume_is_not_far_off": "critical"}
GONE, SOURCE_FAR = {"every_source_is_there": "critical"}, {"sources_are_usual": "warning"}


@pytest.mark.spark
@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        (Volume("night", 100, 100.0, 2.9, "s"), {}),
        (Volume("night", 130, 100.0, 3.0, "s"), USUAL),
        (Volume("night", 70, 100.0, -3.0, "s"), USUAL),
        (Volume("night", 155, 100.0, 5.9, "s"), USUAL),
        (Volume("night", 160, 100.0, 6.0, "s"), USUAL | FAR),
        (Volume("night", 60, 100.0, -6.0, "s"), USUAL | FAR),
        (Volume("night", 0, None, None, "s"), {}),
        (Volume("source", 30, 20.0, 5.9, "s"), {}),
        (Volume("source", 32, 20.0, 6.0, "s"), SOURCE_FAR),
        (Volume("source", 1, 20.0, -6.0, "s"), SOURCE_FAR),
        (Volume("source", 0, 20.0, -5.9, "s"), GONE),
        (Volume("source", 0, 19.0, -5.9, "s"), {}),
        (Volume("source", 0, None, None, "s"), {}),
    ],
)
def test_a_night_or_a_source_that_is_not_as_before(spark, tmp_path, volume, expected):
    rows = spark.createDataFrame(as_arrow([volume], VOLUME))
    assert tripped(tmp_path, SuiteRun("listens", rows, completeness.suite)) == expected
