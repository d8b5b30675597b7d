"""What is told of an expectation, and which rules of the quarantine become expectations."""

import pytest

from expectations.row_expectation import ExpectRowsToKeep, predicate_text, row_rules
from expectations.rules import RowRule


def kept(counts, **options):
    """What is told of an expectation of which ``counts`` were found."""
    expectation = ExpectRowsToKeep(rule="r", keeps="x > 0", reason="Because.", **options)
    return expectation._validate({"rows.kept": counts})


@pytest.mark.parametrize(
    ("counts", "options", "success", "observed"),
    [
        ((200, 3, None), {}, False, "3 of 200 rows (1.50%)"),
        ((200, 3, None), {"max_share": 0.015}, True, "3 of 200 rows (1.50%)"),
        ((2000, 0, None), {"unit": "files"}, True, "0 of 2,000 files (0.00%)"),
        ((1, 1, (True, 7, "ann")), {"unit": ""}, False, "7 for ann"),
        ((4, 1, (True, 7, None)), {}, False, "7; 1 of 4 rows (25.00%)"),
        ((0, 0, None), {"unit": ""}, True, "nothing to judge"),
        ((0, 0, None), {}, True, "0 of 0 rows (0.00%)"),
    ],
)
def test_told_is_the_worst_value_whose_it_is_and_the_share_that_breaks_it(
    counts, options, success, observed
):
    found = kept(counts, **options)
    assert (found["success"], found["result"]["observed"]) == (success, observed)


def test_counts_and_percent_are_those_of_the_rows_and_texts_are_escaped():
    result = kept((8, 2, (True, "<b>", None)))["result"]
    assert (result["element_count"], result["unexpected_count"]) == (8, 2)
    assert result["unexpected_percent"] == 25
    assert result["observed_value"] == "&lt;b&gt;; 2 of 8 rows (25.00%)"


def test_a_person_reads_the_predicate_of_the_meta_where_there_is_one():
    plain = ExpectRowsToKeep(rule="r", keeps="x > 0", reason="Because.")
    named = ExpectRowsToKeep(
        rule="r", keeps="x > 0", reason="Because.", meta={"predicate": "x is positive"}
    )
    other = ExpectRowsToKeep(rule="r", keeps="x > 0", reason="Because.", meta={"other": 1})
    texts = [predicate_text(one.configuration) for one in (plain, named, other)]
    assert texts == ["x > 0", "x is positive", "x > 0"]


def test_data_docs_show_the_rule_as_a_badge_its_predicate_severity_and_reason():
    expectation = ExpectRowsToKeep(
        rule="r", column="c", keeps="x > 0", reason="Because.", severity="warning"
    )
    (shown,) = ExpectRowsToKeep._prescriptive_renderer(configuration=expectation.configuration)
    text = shown.to_json_dict()["string_template"]
    assert text["template"] == "$rule $column: $keeps ($severity). $reason"
    assert text["params"] == {
        "rule": "r", "column": "c", "keeps": "x > 0", "severity": "warning", "reason": "Because."
    }  # fmt: skip
    assert text["styling"] == {"params": {"rule": {"classes": ["badge", "badge-secondary"]}}}


def test_a_rule_of_the_quarantine_is_an_expectation_of_the_rows_that_break_it_first():
    rule = RowRule("malformed: a", ("a", "b"), "a < b", "a is not below b")
    (found,) = row_rules([rule])
    assert (found.rule, found.column, found.severity) == ("malformed: a", "a, b", "critical")
    assert found.keeps == "NOT broken_rule <=> 'malformed: a'"
    assert (found.n_rows, found.who, found.max_share) == ("n_rows", "in_file", 0)
    assert found.meta == {"predicate": "a < b"}
    assert "where a is not below b;" in found.reason
