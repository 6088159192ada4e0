"""What is mended in the finished pages, on the smallest page that needs it."""

import pytest
import repairs
from bs4 import BeautifulSoup

NAMED_INDEX = (
    "<table class=dataframe><thead><tr><th></th><th>value</th><th>rule</th></tr>"
    "<tr><th>metric</th><th></th><th></th></tr></thead>"
    "<tbody><tr><th>F1</th><td>0.985 ± 0.003</td><td>best F1</td></tr>"
    "<tr><th>recall</th><td>-1.5e-03</td><td>0.5</td></tr></tbody></table>"
)


def parse(html):
    return BeautifulSoup(f"<article>{html}</article>", "html.parser")


def test_the_name_of_an_index_joins_the_names_of_the_columns():
    page = parse(NAMED_INDEX)
    repairs.join_header_rows(page)
    (row,) = page.select("thead tr")
    assert [cell.get_text() for cell in row.find_all("th")] == ["metric", "value", "rule"]


@pytest.mark.parametrize(
    "head",
    [
        "<tr><th>rule</th><th>one</th></tr><tr><th>metric</th><th></th></tr>",
        "<tr><th></th><th colspan=2>both</th></tr><tr><th></th><th>one</th><th>two</th></tr>",
        "<tr><th></th><th>one</th></tr>",
    ],
)
def test_headers_that_need_their_rows_keep_them(head):
    page = parse(f"<table class=dataframe><thead>{head}</thead></table>")
    before = str(page)
    repairs.join_header_rows(page)
    assert str(page) == before


def test_numbers_are_told_from_words_and_a_column_of_them_from_a_mixed_one():
    page = parse(NAMED_INDEX)
    repairs.join_header_rows(page)
    repairs.mark_numbers(page)
    assert [cell.get_text() for cell in page.select("td.number")] == [
        "0.985 ± 0.003",
        "-1.5e-03",
        "0.5",
    ]
    assert [cell.get_text() for cell in page.select("th.number")] == ["value"]


@pytest.mark.parametrize("text", ["1,234", "95%", "0.9 [0.8, 1.0]", "2e-05", "-3", "NaN", ""])
def test_what_a_number_looks_like(text):
    assert repairs.NUMBER.fullmatch(text)


@pytest.mark.parametrize("text", ["[140, 96]: MSE", "64-32-16, scaled", "F1", "chf07", "e", "-"])
def test_what_a_number_does_not_look_like(text):
    assert not repairs.NUMBER.fullmatch(text)


def test_a_table_of_an_index_alone_has_no_columns_of_numbers():
    page = parse(
        "<table class=dataframe><thead><tr><th></th></tr></thead><tbody>"
        "<tr><th>1</th></tr><tr><th>2</th></tr></tbody></table>"
    )
    repairs.mark_numbers(page)
    assert not page.select(".number")


def test_headers_say_what_they_head_and_an_empty_one_is_none():
    page = parse(
        "<table><thead><tr><th></th><th>one</th></tr></thead><tr><th>F1</th><td>1</td></tr></table>"
    )
    repairs.mark_headers(page)
    assert [(cell.get_text(), cell["scope"]) for cell in page.find_all("th")] == [
        ("one", "col"),
        ("F1", "row"),
    ]


def test_code_that_would_run_on_a_server_is_removed_and_other_code_is_not():
    page = parse(
        '<link href="_static/sphinx-thebe.css?v=1"><script src="_static/sphinx-thebe.js"></script>'
        '<script>const THEBE_JS_URL = "https://unpkg.com/"</script><script src="a.js"></script>'
    )
    repairs.remove_live_code(page)
    assert str(page) == '<article><script src="a.js"></script></article>'
