"""What is ended, and how an end is counted."""

from collections import Counter

from benchmarks.exits import HOUSE, Ending, as_table, run_ends, snippets, stages


def test_a_crash_another_code_and_a_good_end_are_told_apart(tmp_path):
    aborts = Ending("aborts", ("-c", "import os; os.abort()"))
    refuses = Ending("refuses", ("-c", "import sys; sys.exit(2)"), code=2)
    surprises = Ending("surprises", ("-c", "import sys; sys.exit(1)"), writes=True)
    codes = run_ends([aborts, refuses, surprises], tmp_path, 2, at_a_time=2)
    assert codes == {aborts: Counter({-6: 2}), refuses: Counter({2: 2}), surprises: Counter({1: 2})}
    table, n_wrong = as_table(codes)
    assert n_wrong == 4
    assert [list(column.cells) for column in table.columns] == [
        ["aborts", "refuses", "surprises", "all"],
        ["2", "2", "2", "6"],
        ["2", "0", "0", "2"],
        ["0", "0", "2", "2"],
    ]


def test_every_stage_without_spark_is_ended_and_one_at_a_time():
    every = list(stages())
    assert [ending.name for ending in every] == [
        "rank_candidates", "train_content", "promote_models", "publish", "report",
    ]  # fmt: skip
    assert all(ending.writes for ending in every)
    argv = ("--window-start", "2026-06-28", "--window-end", "2026-06-29")
    assert every[3].command == ("-m", "jobs.publish", *argv)


def test_snippets_are_what_readme_and_docs_print_about_our_tables(tmp_path):
    (tmp_path / "docs" / "deep").mkdir(parents=True)
    (tmp_path / "README.md").write_text("```python\nprint(1)\n```\n```sh\ncat .nocturne/x\n```\n")
    page = "```python\nopen('.nocturne/a')\n```\ntext\n```python\nopen('.nocturne/b')\n```\n"
    (tmp_path / "docs" / "deep" / "page.md").write_text(page)
    assert [(ending.name, ending.command) for ending in snippets(tmp_path)] == [
        ("docs/deep/page.md, block 1", ("-c", "open('.nocturne/a')\n")),
        ("docs/deep/page.md, block 2", ("-c", "open('.nocturne/b')\n")),
    ]


def test_the_ways_to_read_that_we_print_are_all_ended():
    printed = "".join(ending.command[1] for ending in snippets(HOUSE))
    assert all(way in printed for way in ("scan_delta(", "filesystem="))
