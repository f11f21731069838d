"""One of many values as a condition: all in one parameter, since a statement with hundreds is long to be read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, any_, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY


def is_one_of(dialect: str, column: ColumnElement[Any], values: Sequence[int] | Sequence[str]) -> ColumnElement[bool]:
    """Whether the column holds one of these."""
    if dialect == "sqlite":
        listed = func.json_each(bindparam(None, json.dumps(list(values)))).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == any_(cast(bindparam(None, list(values)), ARRAY(column.type)))
