from datetime import date

from jobs.evaluate.evaluation import Evaluation
from jobs.evaluate.judgement import Figure
from jobs.evaluate.text import evaluation_lines

NIGHT = date(2026, 6, 1)


def figure(task, contender, metric, value, of_slice="all", n=1_200, difference=None):
    told = () if difference is None else (difference, difference - 0.1, difference + 0.1)
    return Figure(task, of_slice, contender, metric, n, value, value - 0.1, value + 0.1, *told)


def lines(*figures):
    return "\n".join(evaluation_lines(Evaluation(NIGHT, 7, 1_500, 9_000, figures, ["a note"]))).split(
        "\n"
    )


def test_each_task_is_a_table_of_its_contenders():
    got = lines(
        figure("discovery", "published", "NDCG@10", 0.5),
        figure("discovery", "published", "MAP@10", 0.25),
        figure("discovery", "popularity", "NDCG@10", 0.3, difference=-0.2),
        figure("relisten", "popularity", "NDCG@10", 0.4, n=9),
    )
    assert got[:2] == [
        "lists of 2026-06-01, judged by 9,000 plays of the 7 days after; 1,500 listeners",
        "a note",
    ]
    start = got.index("discovery: tracks not heard before (1,200 listeners played some)")
    end = got.index("relisten: tracks heard before (9 listeners played some)")
    assert [line.split() for line in got[start + 1 : end - 1]] == [
        ["NDCG@10", "less", "published", "NDCG@30", "MAP@10", "recall@30"],
        ["published", "0.5000", "[0.4000,", "0.6000]", "0.2500"],
        ["popularity", "0.3000", "[0.2000,", "0.4000]", "-0.2000", "[-0.3000,", "-0.1000]"],
    ]
    assert got[end + 2].split() == ["popularity", "0.4000", "[0.3000,", "0.5000]"]
    assert not any(line.startswith(("known artist", "new artist")) for line in got)
