"""A row of the trail as far as it can be made without the chain: before the head is locked, which others may hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.db.audit_search import words_of_row
from bot.db.chain import canonical_json, leaf_of, new_salt
from bot.db.storable import storable_json, storable_text
from bot.domain.audit import AuditEntry

COLUMN_LENGTH = 500
"""Characters of an indexed column: PostgreSQL refuses longer index entries. The payload is not cut."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What was asked to be written, as it will be stored."""

    entry: dict[str, Any]
    """The fields of the entry."""
    payload: str
    """Its canonical form."""
    salt: str
    leaf: str
    words: list[str]
    """What it will be found by."""


def drafted(entry: AuditEntry) -> Draft:
    """Make all of a row that follows from its entry alone."""
    given = _storable(entry)
    payload, salt = canonical_json(given["payload"]), new_salt()
    columns = (entry.action.value, *(given[name] or "" for name in ("target", "target_label", "request_id", "code")))
    return Draft(
        entry=given,
        payload=payload,
        salt=salt,
        leaf=leaf_of(salt, payload),
        words=words_of_row(columns, given["payload"]),
    )


def _storable(entry: AuditEntry) -> dict[str, Any]:
    """What is hashed must be what is stored: text is mended before, not on its way into a column."""
    given = vars(entry)
    texts = {name: storable_text(one)[:COLUMN_LENGTH] for name, one in given.items() if one.__class__ is str and one}
    return {**given, **texts, "payload": storable_json(entry.payload)}
