import numpy as np
import pyarrow as pa

from jobs.domain.features import feature_matrix
from models.features import FEATURES


def test_what_was_not_detected_is_nan_also_in_tables_of_before():
    columns = {name: [0.5, 0.0] for name in FEATURES}
    whole = {"key": [0, -1], "mode": [1, 0], "time_signature": [None, 0], "tempo": [None, 0.0]}
    found = feature_matrix(pa.table(columns | whole))
    names = np.array(FEATURES)
    assert names[np.isnan(found[0])].tolist() == ["tempo", "time_signature"]
    assert names[np.isnan(found[1])].tolist() == ["key", "tempo", "time_signature"]
    assert found[0, 2] == 0 and found[1, 0] == 0
