import pytest

from jobs.publish.services import track_url

RECORDING = "8F3471B5-7e6a-48da-86a9-c1c07a0f47ae"
TRACK = "6rqhFgbbKwnb9MLmUQDhG6"


@pytest.mark.parametrize(
    ("service", "track_id", "url"),
    [
        ("own", RECORDING, None),
        ("musicbrainz", RECORDING, f"https://musicbrainz.org/recording/{RECORDING.lower()}"),
        ("musicbrainz", RECORDING + "0", None),
        ("musicbrainz", TRACK, None),
        ("spotify", TRACK, f"https://open.spotify.com/track/{TRACK}"),
        ("spotify", TRACK + "/../x", None),
        ("spotify", RECORDING, None),
    ],
)
def test_an_id_of_the_service_has_an_address_there_and_no_other_id(service, track_id, url):
    assert track_url(service, track_id) == url
