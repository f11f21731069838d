"""Open forms in SQL. What people type is never stored here."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from bot.db.tables import forms
from bot.domain.records import FormRecord, FormState


class Forms:
    """The forms inside one unit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, record: FormRecord) -> None:
        """Keep a form that is about to be shown."""
        names = [name for name in record.__dataclass_fields__ if name not in ("arguments", "state")]
        values = {name: getattr(record, name) for name in names}
        values |= {"arguments": json.dumps(dict(record.arguments)), "state": record.state.value}
        self._connection.execute(insert(forms), values)

    def get(self, form_id: str) -> FormRecord | None:
        """By its opaque id."""
        row = self._connection.execute(select(forms).where(forms.c.id == form_id)).first()
        return _record(row) if row else None

    def move(self, form_id: str, before: FormState, after: FormState) -> bool:
        """Compare-and-set on the state."""
        moved = self._connection.execute(
            update(forms).where(forms.c.id == form_id, forms.c.state == before.value).values(state=after.value)
        )
        return moved.rowcount == 1

    def purge(self, before: datetime) -> int:
        """Forget old forms; returns how many."""
        return self._connection.execute(delete(forms).where(forms.c.created_at < before)).rowcount


def _record(row: Row[Any]) -> FormRecord:
    kept = {name: value for name, value in row._mapping.items() if name in FormRecord.__dataclass_fields__}
    return FormRecord(**{**kept, "arguments": json.loads(row.arguments), "state": FormState(row.state)})
