"""What a sweep costs: the committed measurements, and the page that quotes them."""

from pathlib import Path

import pandas as pd
import pytest
import sweep_overhead
from protocol import RESULTS


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(RESULTS / "sweep_overhead.csv")


def test_two_hundred_trivial_runs_cost_at_most_half_more_than_their_kernels(table):
    value = table.set_index("what")["value"]
    assert sweep_overhead.N_RUNS == 200
    assert 0.5 < value["sweep over floor"] <= 1.5


def test_ten_thousand_results_were_read_in_under_five_seconds(table):
    assert 0 < table.set_index("what")["value"]["reading 10,000 results"] < 5


def test_page_quotes_the_measurements_and_what_follows_from_them(table):
    page = Path(sweep_overhead.PAGE).read_text(encoding="utf-8")
    for content in sweep_overhead.page_tables(table).values():
        assert content in page


def test_extrapolation_is_arithmetic(table):
    rows = sweep_overhead.extrapolated_table(table)
    assert "| all runs, 60 s each | 16.7 h |" in rows  # 1,000,000 x 60 s / 1,000 / 3600
    assert "| runs that start each second | 17 |" in rows
    assert "| files | 2,000,000 |" in rows
