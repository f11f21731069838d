"""A row of the trail as far as it can be made without the chain: before the head is locked, which others may hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.db.audit_search import body_of, words_of_row
from bot.db.chain import canonical_json, open_form
from bot.db.storable import storable_json, storable_text
from bot.domain.audit import AuditEntry

COLUMN_LENGTH = 500
"""Characters of an indexed column: PostgreSQL refuses longer index entries. The payload is not cut."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What was asked to be written, as it will be stored."""

    entry: dict[str, Any]
    """The fields of the entry."""
    columns: dict[str, Any]
    """The same as they are stored, the payload in its canonical form."""
    form: str
    """What will be hashed; see `open_form`."""
    body: str
    """What it will be found by, as the engine's index takes it."""


def drafted(entry: AuditEntry, dialect: str) -> Draft:
    """Make all of a row that follows from its entry alone.

    Its salt does not: to ask for random bytes would let the writer begin with this row, before others have joined it.
    """
    given = _storable(entry)
    columns = {
        **given,
        "kind": entry.kind.value,
        "action": entry.action.value,
        "outcome": entry.outcome.value,
        "payload": canonical_json(given["payload"]),
    }
    found_by = [columns[name] or "" for name in ("action", "target", "target_label", "request_id", "code")]
    body = body_of(dialect, words_of_row(found_by, given["payload"]))
    return Draft(entry=given, columns=columns, form=open_form(columns), body=body)


def _storable(entry: AuditEntry) -> dict[str, Any]:
    """What is hashed must be what is stored: text is mended before, not on its way into a column."""
    given = vars(entry)
    together = "\n".join(filter(_is_text, given.values()))
    if len(together) <= COLUMN_LENGTH and storable_text(together) is together:
        return {**given, "payload": storable_json(entry.payload)}
    texts = {name: storable_text(one)[:COLUMN_LENGTH] for name, one in given.items() if _is_text(one)}
    return {**given, **texts, "payload": storable_json(entry.payload)}


def _is_text(value: object) -> bool:
    return value.__class__ is str
