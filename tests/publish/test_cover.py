"""Covers: what is drawn where."""

from xml.etree import ElementTree

from jobs.publish.cover import cover
from tests.publish.nights import playlist, row

SVG = "{http://www.w3.org/2000/svg}"


def circles(rows):
    found = ElementTree.fromstring(cover(playlist(rows)).decode()).findall(f"{SVG}circle")
    return [(one.get("cx"), one.get("cy"), one.get("r"), one.get("fill")) for one in found]


def test_cheerful_is_right_energetic_above_acoustic_warm_and_the_first_drawn_last():
    lively = row(1, "a") | {"valence": 1.0, "energy": 1.0, "acousticness": 0.0}
    calm = row(2, "b") | {"valence": 0.0, "energy": 0.0, "acousticness": 1.0}
    assert circles([lively, calm]) == [
        ("90", "550", "56", "hsl(30,70%,60%)"), ("550", "90", "58", "hsl(250,70%,60%)"),
    ]  # fmt: skip


def test_a_track_of_unknown_sound_is_in_the_middle():
    assert circles([row(1, "a")]) == [("320", "320", "58", "hsl(140,70%,60%)")]


def test_a_cover_names_list_and_day_and_no_text_of_anybody():
    body = cover(playlist([row(1, "a", title="<script>")], "<b>", "new_releases")).decode()
    texts = [one.text for one in ElementTree.fromstring(body).iter(f"{SVG}text")]
    assert texts == ["New Releases", "28 June 2026"]
    assert "script" not in body and "<b>" not in body
