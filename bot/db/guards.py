"""The triggers that keep the trail append-only: each as the migrations made it, and whether it still stands so.

A name alone tells nothing: a trigger may have been made again for another table, or of a function that lets all
through. So all that decides what it does is compared, as a digest: its definition, and on PostgreSQL its function.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, text

GUARDS: Mapping[str, Mapping[str, str]] = {
    "sqlite": {
        "audit_anchors_no_delete": "0874e51cd14d9a914b0bdf8f0ebc0941",
        "audit_anchors_no_replace": "702cf9c7f752cf918f2e4aa21c153d12",
        "audit_anchors_no_update": "a641096babff8ace600cf2be7f88160b",
        "audit_events_no_delete": "414a81394a9688ade9ea22e738f48012",
        "audit_events_no_replace": "8c403cbee4dbd93168820f652d960dd0",
        "audit_events_no_update": "c5238d5b63e345765131dc46e5b6930f",
    },
    "postgresql": {
        "audit_anchors_no_change": "1a2cac069956a2866abcd1264c23c6dd",
        "audit_anchors_no_truncate": "8da29eea0be15d7426e3d7c4ab95841e",
        "audit_events_no_delete": "8f17fffce392f17366d80ed56378728e",
        "audit_events_no_truncate": "207812cd98853c1e405d5b030ddd5742",
        "audit_events_no_update": "96acd160d73b8967100bf560a8315e75",
    },
}
"""The digest of each on a freshly migrated database. A test compares; a migration that changes one changes this."""

_SQLITE = text("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
_POSTGRESQL = text(
    "SELECT tgname, tgenabled, pg_get_triggerdef(t.oid, true), lanname, prosecdef, proconfig, prosrc"
    " FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid JOIN pg_language l ON l.oid = prolang"
    " WHERE tgrelid IN ('audit_events'::regclass, 'audit_anchors'::regclass)"
)
_OFF = "D"


def guards_problem(connection: Connection) -> str:
    """What is wrong with the triggers, in a sentence; "" where all stand as they were made."""
    expected, found = GUARDS[connection.dialect.name], found_guards(connection)
    missing = sorted(set(expected) - set(found))
    altered = sorted(name for name, digest in expected.items() if found.get(name, digest) != digest)
    said = [
        f"triggers are {what}: {', '.join(names)}"
        for what, names in (("missing or off", missing), ("not as they were made", altered))
        if names
    ]
    return f"The audit trail's {', and its '.join(said)}." if said else ""


def found_guards(connection: Connection) -> dict[str, str]:
    """The triggers that are on, by name, each with its digest."""
    if connection.dialect.name == "sqlite":
        return {name: _digest(rest) for name, *rest in connection.execute(_SQLITE)}
    rows = [(name, enabled, *rest) for name, enabled, *rest in connection.execute(_POSTGRESQL) if _on(enabled)]
    return {name: _digest(rest) for name, *rest in rows}


def _on(enabled: object) -> bool:
    """The driver gives PostgreSQL's "char" as text or as bytes."""
    return enabled not in (_OFF, _OFF.encode())


def _digest(parts: Iterable[object]) -> str:
    """How it is laid out does not matter."""
    words = (part.decode() if isinstance(part, bytes) else str(part) for part in parts)
    return hashlib.sha256("\n".join(" ".join(one.split()) for one in words).encode()).hexdigest()[:32]
