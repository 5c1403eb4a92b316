"""The tables of all experiments fit a narrow terminal, and say what their columns mean."""

import io

import pandas
import pytest
from rich.console import Console

from experiments.problems import EXPERIMENTS
from experiments.runner import tables
from experiments.runner.experiment import Column, last
from experiments.runner.logs import frame, read_variant
from experiments.runner.overall import ARCHIVE


def printed(table):
    text = io.StringIO()
    Console(file=text, width=80).print(table.rich())
    return text.getvalue()


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_table_of_committed_logs_has_a_line_per_method_within_80_columns(name):
    rows = frame(read_variant(ARCHIVE, name))
    text = printed(tables.results(EXPERIMENTS[name], rows))
    lines = [line.split()[0] for line in text.splitlines() if line.strip()]
    assert "…" not in text
    assert sorted(set(rows.method) & set(lines)) == sorted(set(rows.method))
    assert lines.index("Medians") - lines.index("method") == rows.method.nunique() + 1


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_column_says_what_it_means(name):
    assert [column.title for column in EXPERIMENTS[name].columns if not column.meaning] == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-6, "1.0e-6"), (-5.4e108, "-5.4e108"), (0.0, "0"), (3e10, "3.0e10"), (2.0, "2.0e0")],
)
def test_an_exponent_has_no_leading_zeros(value, text):
    shown = tables._cells(Column("gap", last("gap")), pandas.DataFrame({"seed": [0], "gap": value}))
    assert shown == [text]


def test_a_spread_is_from_the_smallest_to_the_largest():
    rows = pandas.DataFrame({"seed": [0, 1, 2], "gap": [0.2, 0.1, 0.4]})
    assert tables._cells(Column("gap", last("gap"), "{:.1f}", spread=True), rows) == [
        "0.2",
        "0.1..0.4",
    ]
