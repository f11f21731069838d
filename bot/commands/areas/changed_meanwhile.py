"""A field that this person changed, and somebody else too since the form was opened: told before it is overwritten."""

from __future__ import annotations

from collections.abc import Collection

from bot.cloudsync.models import Database
from bot.commands.asking import lines_of
from bot.commands.command import Values
from bot.domain.errors import FieldErrors
from bot.domain.replies import FieldKind, FormField

OVERWRITE = FormField(
    name="overwrite",
    label="Overwrite what somebody else changed",
    kind=FieldKind.TICK,
    required=False,
    value=True,
    on_demand=True,
)
"""Ticked once it is shown: whoever has read what it is about sends the form again."""


def refuse_overwriting(database: Database, shown: Values, values: Values, changed: Collection[str]) -> None:
    """Raise `FieldErrors` once where a changed field no longer is what the form showed."""
    if values.get(OVERWRITE.name) is True:
        return
    now: dict[str, tuple[str, tuple[str, ...]]] = {
        "label": ("label", _one(database.label)),
        "jwks_uri": ("jwksUri", _one(database.jwks_uri)),
        "jwt_allowed_issuers": ("jwtAllowedIssuers", database.jwt_allowed_issuers or ()),
        "jwt_expected_audiences": ("jwtExpectedAudiences", database.jwt_expected_audiences or ()),
    }
    problems = {
        name: _told(current)
        for name, (sent, current) in now.items()
        if sent in changed and name in shown and lines_of(shown, name) != current
    }
    if problems:
        raise FieldErrors(problems, offers=(OVERWRITE.name,))


def _one(value: str | None) -> tuple[str, ...]:
    return (value.strip(),) if value and value.strip() else ()


def _told(current: tuple[str, ...]) -> str:
    what = f"changed to “{', '.join(current)[:200]}”" if current else "emptied"
    return f"This was {what} since you opened this form. Send it again to overwrite that."
