"""Rows as text: nothing lost for machines, nothing run by spreadsheets."""

from __future__ import annotations

import csv
import io
import json

import pytest

from bot.services.export_formats import Cell, ExportFormat, cell_text, header_of, text_of_rows

COLUMNS = ("seq", "target_label", "code")
HARMLESS = ["orders-eu", "a=b", "1-2", "user@example.com", "", "(=1)", " =1"]
RUN = ["=HYPERLINK(0)", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＠x", "'quoted"]


def csv_rows(*labels: str | None) -> list[list[str]]:
    rows = [{"seq": 1, "target_label": label, "code": None} for label in labels]
    text = header_of(ExportFormat.CSV, COLUMNS) + text_of_rows(ExportFormat.CSV, COLUMNS, rows)
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize("text", RUN)
def test_no_cell_is_run_as_a_formula_and_what_was_stored_can_be_had_back(text: str) -> None:
    (cell,) = [row[1] for row in csv_rows(text)[1:]]
    assert cell == f"'{text}"


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
