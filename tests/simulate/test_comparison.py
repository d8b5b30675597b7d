import json
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from jobs.cli import app
from jobs.errors import UsageError
from jobs.settings import RecommendSettings
from jobs.simulate.closed_loop import Counts, TownSize
from jobs.simulate.comparison import Outcome, compare, differences, figures, outcome, table, town_mean
from jobs.simulate.page import page, text_lines
from jobs.simulate.realism import Realism, describe, top_share

SIZE = TownSize(n_listeners=20, n_tracks=200, nights=3)
NO_REALISM = Realism(0, 0, 0, 0, 0, 0, ())


def test_figures_of_a_course():
    liked = np.zeros((10, 4), bool)
    liked[:5, 0] = True  # five came to like track 0
    liked[:4, 1] = liked[4:6, 2] = True  # tracks 1 and 2, both of artist 1, four and two: six in all
    music = SimpleNamespace(artist=np.array([0, 1, 1, 2]))
    people = SimpleNamespace(music=music, known_artists=np.zeros((10, 3), bool))
    counts = [Counts(20, 10, 4, 1, 5, 10), Counts(30, 5, 6, 3, 4, 8)]
    found = figures(SimpleNamespace(counts=counts, came_to_like=liked, people=people))
    assert found == {
        "like rate": 15 / 50, "like rate of explored": 4 / 10, "liked a listener": 1.5, "tracks": 1,
        "artists": 2, "retention": 0.8, "opened": 9 / 18, "explored": 10 / 50,
    }  # fmt: skip


def test_an_interval_is_student_s():
    found = town_mean([1.0, 2.0, 3.0])
    # t(.975, 2) = 4.3027, standard deviation 1.
    assert found.mean == 2
    np.testing.assert_allclose(
        [found.low, found.high], [2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5], atol=1e-4
    )
    assert np.isnan(town_mean([1.0]).low)


def of(policy, seed, rate):
    named = dict.fromkeys(
        ("like rate", "like rate of explored", "liked a listener", "tracks", "artists", "retention",
         "opened", "explored"), rate)  # fmt: skip
    return Outcome(policy, seed, named, [rate, rate], [1.0, 0.5], [0.1, 0.4], [-1.0, 1.0], NO_REALISM)


def test_differences_are_paired_by_town():
    outcomes = [of("a", 1, 0.2), of("a", 2, 0.6), of("<b>", 1, 0.3), of("<b>", 2, 0.7)]
    assert table(outcomes)["a"]["like rate"].mean == pytest.approx(0.4)
    found = differences(outcomes)
    assert set(found) == {"<b>"}
    assert found["<b>"]["like rate"].mean == pytest.approx(0.1)
    # Both towns say the same, however far apart they are.
    assert found["<b>"]["like rate"].high == pytest.approx(0.1)


def test_the_page_escapes_names_and_draws_every_policy():
    drawn = page("towns", [of("a", 1, 0.2), of("<b>", 1, 0.3)])
    assert "<b>" not in drawn
    assert drawn.count("<polyline") == 4
    assert drawn.count("<circle") == 4
    assert "nan" not in drawn
    lines = list(text_lines([of("a", 1, 0.2), of("<b>", 1, 0.3)]))
    assert any(line.startswith("<b>") and "+0.100" in line for line in lines)


@pytest.mark.parametrize(
    ("value", "told"), [(1.9996, "2.000"), (2.0, "2.0"), (-1.5, "-1.500"), (-2.04, "-2.0")]
)
def test_shares_are_told_with_three_digits_and_numbers_from_two_on_with_one(value, told):
    *_, line = text_lines([of("a", 1, value)])
    assert line.split() == ["a", *[told] * 8]


def test_processes_give_what_one_gives():
    rules = RecommendSettings()
    found = list(compare(["fixed-.1", "random"], [1, 2], SIZE, rules))
    assert [(one.policy, one.seed) for one in found] == [
        ("fixed-.1", 1), ("fixed-.1", 2), ("random", 1), ("random", 2),
    ]  # fmt: skip
    alone = outcome("random", 2, SIZE, rules)
    assert alone.figures == pytest.approx(found[-1].figures, nan_ok=True)


def test_the_command_writes_figures_and_page(tmp_path):
    figures_file, page_file = tmp_path / "f.json", tmp_path / "p.html"
    arguments = ["simulate", "--nights", "2", "--listeners", "20", "--tracks", "200", "--seeds", "1",
                 "--policy", "fixed-0", "--policy", "fixed-.5", "--json", str(figures_file),
                 "--page", str(page_file)]  # fmt: skip
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    told = json.loads(figures_file.read_text())
    assert set(told["figures"]) == {"fixed-0", "fixed-.5"}
    assert 0 < told["figures"]["fixed-0"]["like rate"]["mean"] < 1
    assert told["figures"]["fixed-0"]["like rate"]["low"] is None
    assert "fixed-.5" in page_file.read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--policy", "best"], "--policy best is not known: give one of fixed-0, "),
        (["--nights", "1", "--listeners", "2", "--tracks", "100", "--seeds", "1", "--policy", "random",
          "--json", "/no/such/folder/f.json"], "--json /no/such/folder/f.json cannot be written: No"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_a_sentence(arguments, sentence):
    result = CliRunner().invoke(app, ["simulate", *arguments])
    assert isinstance(result.exception, UsageError)
    assert sentence in str(result.exception)


def test_a_log_is_described():
    # Listener 0 hears tracks 1, 1, 2 on day 0 and 1 on day 1, 3 on day 4; listener 1 track 1 on day 2.
    found = describe(
        np.array([0, 0, 0, 0, 0, 1]), np.array([0, 0, 0, 1, 4, 2]), np.array([1, 1, 2, 1, 3, 1])
    )
    assert found.plays == 1  # of 3, 1, 1, 1
    assert found.gap_one == 0.5
    assert found.gap == 2.0  # of 1 and 3
    assert found.repeats == pytest.approx(2 / 6)
    assert found.top_1 == pytest.approx(4 / 6)  # the first of three tracks


def test_the_top_share_counts_one_track_at_least():
    assert top_share(np.array([6, 2, 1, 1]), 0.01) == 0.6
    assert top_share(np.array([6, 2, 1, 1]), 0.5) == 0.8
