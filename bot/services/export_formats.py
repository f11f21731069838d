"""The trail's rows as text: pure, one row at a time.

JSON Lines is for machines, and for whoever verifies the trail from the file: one object a line with every column by its
name exactly as it is stored. Nothing is lost, so leaf, hash and MAC of each row can be computed again
(`bot.db.chain` says how). The file ends with one line more (`bot.db.closing`).

CSV (RFC 4180: commas, CRLF, quotes doubled, a header line) is for spreadsheets, and not for verifying. NULL is an empty
cell. A spreadsheet would run a cell that begins with ``=``, ``+``, ``-`` or ``@``, or a full-width form of one, behind
blanks or quotes or none, as a formula; and so a piece of a cell, where it splits lines at semicolons or tabs and knows
of no quotes. So an apostrophe is put before what would be run, at the beginning of a cell and behind each semicolon,
tab, CR and LF in it; and also, at these places, before an apostrophe, and at the beginning before a tab, CR or LF.
Taking away one apostrophe at each of these places that has one gives back what was stored.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from json.encoder import encode_basestring_ascii

Cell = str | int | None

_SEPARATORS = (";", "\t", "\r", "\n")
_IS_RUN = r"[\s\"\u180e\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]"
_RUN_AT_START = re.compile(rf"(?=[\t\r\n']|{_IS_RUN})")
_RUN_BEHIND = re.compile(rf"([;\t\r\n])(?='|{_IS_RUN})")


class ExportFormat(StrEnum):
    """What a file is made of; its name's ending."""

    CSV = "csv"
    JSONL = "jsonl"


def header_of(form: ExportFormat, columns: Sequence[str]) -> str:
    """What stands before the rows."""
    return _csv_line(columns) if form is ExportFormat.CSV else ""


def text_of_rows(form: ExportFormat, columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> str:
    """The rows, each with its line's end."""
    if form is ExportFormat.JSONL:
        return "".join(f"{_json_line(columns, row)}\n" for row in rows)
    return "".join(_csv_line([cell_text(row[name]) for name in columns]) for row in rows)


def _json_line(columns: Sequence[str], row: Mapping[str, Cell]) -> str:
    """ASCII alone: no character of a text can be taken for the end of a line, whoever reads it."""
    cells = [row[name] for name in columns]
    return _json_template(tuple(columns)) % tuple(
        [encode_basestring_ascii(cell) if cell.__class__ is str else _other_json(cell) for cell in cells]
    )


@lru_cache(maxsize=4)
def _json_template(columns: Sequence[str]) -> str:
    """An object with room for a value a column: a third of an encoder's time, which is most of an export's."""
    return "{" + ",".join(f"{encode_basestring_ascii(name)}:%s" for name in columns) + "}"


def _other_json(cell: Cell) -> str:
    return "null" if cell is None else str(cell) if cell.__class__ is int else json.dumps(cell)


def cell_text(cell: Cell) -> str:
    """A cell that no spreadsheet runs, nor any piece of it."""
    if not isinstance(cell, str):
        return "" if cell is None else str(cell)
    text = cell
    if any(separator in text for separator in _SEPARATORS):
        text = _RUN_BEHIND.sub(r"\1'", text)
    return f"'{text}" if _RUN_AT_START.match(text) else text


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
