"""The index of nights, entered by one writer or by several at once."""

import json
from datetime import timedelta
from io import BytesIO

import pytest

from jobs.errors import NocturneError
from jobs.publish.index import INDEX, N_TRIES, enter_run
from jobs.publish.snapshot import survey
from jobs.publish.spool import Spool
from jobs.settings import StoreSettings
from jobs.store import ConflictError
from tests.publish.nights import NIGHT, playlist, row
from tests.store.recording import RecordingStore


def snapshot(night=NIGHT, track="t1"):
    return survey([playlist([row(1, track)], "ada")], night, StoreSettings(), Spool(BytesIO()))


def nights(store):
    return [entry["publish_id"] for entry in json.loads(store.objects[INDEX])["nights"]]


def test_nights_stand_in_their_order_whatever_the_order_they_were_made_in():
    store = RecordingStore()
    made = [snapshot(NIGHT + timedelta(days=n)) for n in (1, -1, 0)]
    for one in made:
        enter_run(store, one)
    assert nights(store) == [made[1].publish_id, made[2].publish_id, made[0].publish_id]


def test_the_index_says_first_by_which_schema_it_is_written():
    store = RecordingStore()
    enter_run(store, snapshot())
    assert store.objects[INDEX].startswith(b'{\n "schema_version": 2,\n "nights": [\n')


def test_the_run_published_last_counts_for_its_night():
    store = RecordingStore()
    enter_run(store, snapshot(track="t1"))
    enter_run(store, snapshot(track="t2"))
    assert nights(store) == [snapshot(track="t2").publish_id]


def test_the_same_run_is_entered_once():
    store = RecordingStore()
    enter_run(store, snapshot())
    enter_run(store, snapshot())
    assert store.written() == [INDEX]


class Contended(RecordingStore):
    """Others enter their nights between our look and our swap, ``n`` times."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n

    def swap(self, key, body, expected_tag):
        if self.n:
            self.n -= 1
            other = RecordingStore()
            other.objects = self.objects
            enter_run(other, snapshot(NIGHT + timedelta(days=self.n + 1)))
        super().swap(key, body, expected_tag)


def test_nights_entered_meanwhile_are_kept():
    store = Contended(N_TRIES - 1)
    enter_run(store, snapshot())
    assert len(nights(store)) == N_TRIES
    assert nights(store)[0] == snapshot().publish_id


def test_at_every_try_another_night_is_a_conflict():
    with pytest.raises(ConflictError):
        enter_run(Contended(N_TRIES), snapshot())


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"nights": [{}]}', b'{"nights": 3}'])
def test_an_index_nobody_here_wrote_is_named_and_kept(body):
    store = RecordingStore()
    store.objects[INDEX] = body
    with pytest.raises(NocturneError, match="is not as publish writes it: delete it"):
        enter_run(store, snapshot())
    assert store.objects[INDEX] == body
