"""Credentials in a command's text."""

from __future__ import annotations

import pytest

from bot.commands.secrets_in_text import refuse_secrets
from bot.domain.errors import SecretInText


def test_a_credential_is_refused_and_only_its_fingerprint_is_kept() -> None:
    seen: list[str] = []

    def fingerprint(secret: str) -> str:
        seen.append(secret)
        return "ab12cd34"

    with pytest.raises(SecretInText) as raised:
        refuse_secrets("databases register postgres://ada:hunter2@h/d", fingerprint)
    assert seen == ["postgres://ada:hunter2@h/d"]
    assert (raised.value.what, raised.value.fingerprint) == ("a connection string", "ab12cd34")
    assert "hunter2" not in str(raised.value)


def test_an_ordinary_command_passes() -> None:
    refuse_secrets("devices remove orders-eu 0f1e2d3c4b5a69788796a5b4c3d2e1f0 --reason 'lost phone'", str)
