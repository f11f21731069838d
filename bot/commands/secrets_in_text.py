"""Secrets enter through forms. What looks like one in a command's text is refused, and only a fingerprint is kept."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.errors import SecretInText
from bot.domain.secrecy import find_secrets


def refuse_secrets(text: str, fingerprint: Callable[[str], str]) -> None:
    """Raise `SecretInText` for the first thing that looks like a credential."""
    found = find_secrets(text)
    if found:
        raise SecretInText(found[0].what, fingerprint=fingerprint(found[0].text))
