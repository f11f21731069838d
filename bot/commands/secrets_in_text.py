"""Secrets enter through fields of their own. What looks like one elsewhere is refused before it is kept or shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.domain.errors import SecretInText
from bot.domain.invocation import FormValue
from bot.domain.replies import FieldKind, Form
from bot.domain.secrecy import find_secrets

TYPED = frozenset({FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.SUGGESTED})
LOOK_RANDOM = frozenset({"project_id"})
"""Fields whose honest values look like keys."""


def refuse_secrets(text: str, fingerprint: Callable[[str], str]) -> None:
    """Raise `SecretInText` for the first thing that looks like a credential."""
    found = find_secrets(text)
    if found:
        raise SecretInText(found[0].what, fingerprint=fingerprint(found[0].text))


def secrets_in_the_open(form: Form, values: Mapping[str, FormValue]) -> dict[str, str]:
    """What is wrong with fields that others will read, or the trail will keep: field name to sentence."""
    problems = {}
    for field in form.fields:
        value = values.get(field.name)
        if field.kind in TYPED and field.name not in LOOK_RANDOM and isinstance(value, str):
            found = find_secrets(value)
            if found:
                problems[field.name] = f"This holds {found[0].what}, and others read it. Take it out, and rotate it."
    return problems
