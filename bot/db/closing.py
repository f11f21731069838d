"""The line that closes a file of the trail: what was asked for, and which rows came, signed as a row is.

A file whose line calls it whole, or that was made before such files had a line, says of itself that it is unbroken: a
row that is missing from it, or erased without a tombstone, is a fault. Otherwise rows that the question left out are
none. The signature binds the line to the rows above it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from bot.db.audit_walk import Fault
from bot.db.chain import AuditKeys, canonical_json, hash_of_text
from bot.domain.audit import JsonValue

NAME = "extract"


@dataclass(frozen=True, kw_only=True)
class Closing:
    """A closing line as it stands in a file."""

    said: Mapping[str, JsonValue]
    key_id: str
    mac: str

    @property
    def asked(self) -> Mapping[str, JsonValue]:
        """What was asked for, by the names of `AuditFilter`."""
        asked = self.said.get("asked")
        return asked if isinstance(asked, dict) else {}

    @property
    def is_filtered(self) -> bool:
        """Whether rows in between were left out, and not only what came before and after."""
        return self.said.get("filtered") is not False

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out between its first row and its last."""
        return self.said.get("whole") is True

    def is_cut_behind(self, seq: int) -> bool:
        """Whether rows behind this one were in the file when it was closed."""
        last = self.said.get("last_seq")
        return self.is_whole and isinstance(last, int) and last > seq

    def problem(self, keys: AuditKeys) -> tuple[Fault, str] | None:
        """Why it is not believed."""
        if not keys.knows(self.key_id):
            return Fault.WRONG_KEY, f"its closing line is signed with {self.key_id}, which is not in AUDIT_KEYS"
        if not self._is_signed(keys):
            return Fault.ALTERED, "its closing line is not the one that was written"
        return None

    def _is_signed(self, keys: AuditKeys) -> bool:
        try:
            signed = hash_of_text(canonical_json(self.said))
        except (ValueError, RecursionError):  # what RFC 8785 has no form for, this program never wrote
            return False
        return keys.verify(self.key_id, signed, self.mac)

    def differs_from(self, rows: int, sha256: str) -> tuple[Fault, str] | None:
        """What was done to the lines above it, each of which holds by itself."""
        if self.said.get("sha256") == sha256:
            return None
        written = self.said.get("rows")
        fault = Fault.MISSING if isinstance(written, int) and written > rows else Fault.ALTERED
        return fault, f"it was closed with {written} rows, and these {rows} are not those"


def closing_line(said: Mapping[str, JsonValue], keys: AuditKeys) -> str:
    """With what is said of the lines above it."""
    signed = {NAME: dict(said), "key_id": keys.current_id, "mac": keys.mac(hash_of_text(canonical_json(said)))}
    return f"{json.dumps(signed, separators=(',', ':'))}\n"


def json_in(line: bytes) -> object:
    """None where it is none, or is nested more deeply than anybody who writes such a file has reason to."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def closing_in(line: bytes) -> Closing | None:
    """None where it is any other line."""
    found = json_in(line)
    said = found.get(NAME) if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(said, dict):
        return None
    return Closing(said=said, key_id=str(found.get("key_id")), mac=str(found.get("mac")))
