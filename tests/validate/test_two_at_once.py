"""Both gates write validation_results, in two pools: nothing but Delta keeps two nights apart there."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

from deltalake import DeltaTable

from jobs.lake.arrow import table_rows
from jobs.stage import Night
from jobs.validate.findings import WARNING, GateFinding
from jobs.validate.gate import TABLE, keep_results
from jobs.window import Window
from tests.validate.rows import NIGHT

ROUNDS = 5
FOUND = GateFinding("listens", "a rule", "", WARNING, True, 1, 0, "seen", "expected", "why")


def test_gates_that_write_at_once_keep_their_results_and_each_others(settings):
    at_once = Barrier(3, timeout=60)
    writers = [("gate_playlists", 0), ("gate_inputs", 0), ("gate_inputs", 1)]

    def write(gate, age):
        night = Night(Window.night(NIGHT + timedelta(days=age)), settings)
        for number in range(ROUNDS):
            at_once.wait()
            keep_results(night, gate, [replace(FOUND, observed=f"round {number}")] * (number + 1))

    keep_results(Night(Window.night(NIGHT - timedelta(days=1)), settings), "gate_inputs", [FOUND])
    with ThreadPoolExecutor(3) as pool:
        for written in [pool.submit(write, *writer) for writer in writers]:
            written.result()
    rows = table_rows(settings, TABLE).to_table().to_pylist()
    expected = [(NIGHT + timedelta(days=age), gate, f"round {ROUNDS - 1}") for gate, age in writers]
    assert sorted((row["as_of"], row["gate"], row["observed"]) for row in rows) == sorted(
        [(NIGHT - timedelta(days=1), "gate_inputs", "seen"), *expected * ROUNDS]
    )
    assert DeltaTable(f"{settings.lake.root}/{TABLE}").version() == ROUNDS * len(writers)
