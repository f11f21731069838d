"""Rows as text: nothing lost for machines, nothing run by spreadsheets."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.export_formats import Cell, ExportFormat, cell_text, header_of, text_of_rows

COLUMNS = ("seq", "target_label", "code")
HARMLESS = ["orders-eu", "a=b", "1-2", "user@example.com", "", "(=1)", "a; b", "a;b=1", "x\ty"]
RUN = ["=HYPERLINK(0)", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", "＠x", "'quoted"]
RUN += [" =1", "\u00a0+1", "\ufeff=1", '"=1"']
RUN_INSIDE = {
    'x;=HYPERLINK("http://evil/")': """x;'=HYPERLINK("http://evil/")""",
    '{"text":"show a; \u00a0-1;b"}': """{"text":"show a;' \u00a0-1;b"}""",
    'x;"=1"': """x;'"=1\"""",
    "x\t=1;@y": "x\t'=1;'@y",
    "x\r\n=1": "x\r'\n'=1",
    "x;'y": "x;''y",
    "\t=1": "'\t'=1",
    "\r=1": "'\r'=1",
    "\n=1": "'\n'=1",
}
PIECES = ("=", "+", "-", "@", "＝", "＠")
texts = st.text(alphabet=st.sampled_from([*"=+-@＝'\";\t\r\n ,ab1\u00a0\ufeff"]), max_size=20)


def csv_rows(*labels: str | None) -> list[list[str]]:
    rows = [{"seq": 1, "target_label": label, "code": None} for label in labels]
    text = header_of(ExportFormat.CSV, COLUMNS) + text_of_rows(ExportFormat.CSV, COLUMNS, rows)
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize("text", RUN)
def test_no_cell_is_run_as_a_formula_and_what_was_stored_can_be_had_back(text: str) -> None:
    (cell,) = [row[1] for row in csv_rows(text)[1:]]
    assert cell == f"'{text}"


@pytest.mark.parametrize(("text", "cell"), RUN_INSIDE.items())
def test_no_piece_of_a_cell_is_run_where_semicolons_part_cells(text: str, cell: str) -> None:
    assert cell_text(text) == cell


@given(texts)
def test_whatever_a_line_is_split_at_nothing_is_run_and_what_was_stored_can_be_had_back(text: str) -> None:
    cell = cell_text(text)
    pieces = re.split(r"[;\t\r\n]", cell)
    assert not [piece for piece in pieces if piece.strip('\ufeff \u00a0"').startswith(PIECES)]
    assert re.sub(r"(\A|[;\t\r\n])'", r"\1", cell) == text
    assert csv_rows(text)[1][1] == cell


@pytest.mark.parametrize("text", HARMLESS)
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert csv_rows(text)[1] == ["1", text, ""]


def test_commas_quotes_and_line_ends_stay_in_their_cell() -> None:
    told = 'a "b", c\r\nd\ne'
    text = text_of_rows(ExportFormat.CSV, COLUMNS, [{"seq": 7, "target_label": told, "code": None}])
    assert text == '7,"a ""b"", c\r\nd\ne",\r\n'
    assert csv_rows(told) == [[*COLUMNS], ["1", told, ""]]


def test_numbers_are_never_taken_for_formulas() -> None:
    assert (cell_text(-1), cell_text(None)) == ("-1", "")


def test_each_line_of_json_is_one_row_whatever_its_texts_hold() -> None:
    row: dict[str, Cell] = {"seq": 3, "target_label": "Zürich\u2028\u0085\n=1", "code": None}
    text = text_of_rows(ExportFormat.JSONL, COLUMNS, [row, row])
    assert [json.loads(line) for line in text.splitlines()] == [row, row]
    assert header_of(ExportFormat.JSONL, COLUMNS) == ""
