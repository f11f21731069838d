"""Credentials in a command's text."""

from __future__ import annotations

import pytest

from bot.commands.catalogue import all_commands
from bot.commands.registry import Registry
from bot.commands.secrets_in_text import refuse_secrets, refuse_typed
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


REGISTRY = Registry(all_commands())


@pytest.mark.parametrize(
    ("text", "beyond"),
    [
        ("notifications token set orders-eu s3cr3t", "s3cr3t"),
        ("db update orders-eu --reason moved --share two words", "two words"),
        ("databases register s3cr3t --help", "s3cr3t"),
        ("databases update orders-eu --share=s3cr3t", "--share=s3cr3t"),
        ("databases regster s3cr3t", "s3cr3t"),
        ("notifications token set s3cr3t s3cr3t", "s3cr3t"),
    ],
)
def test_every_word_beyond_a_command_whose_form_takes_a_secret_counts_as_one(text: str, beyond: str) -> None:
    with pytest.raises(SecretInText) as raised:
        refuse_typed(text, REGISTRY, lambda secret: f"<{len(secret)}>")
    assert raised.value.fingerprint == f"<{len(beyond)}>"
    assert "s3cr3t" not in raised.value.kept
    assert "two words" not in raised.value.kept


def test_what_need_not_be_a_secret_is_not_called_one() -> None:
    with pytest.raises(SecretInText) as raised:
        refuse_typed("databases register foo", REGISTRY, str)
    assert raised.value.because == "more follows than “databases register” takes"
    assert "A form takes all of it" in raised.value.advice
    assert "If what followed was a secret" in raised.value.advice
    assert "quotes" not in raised.value.advice, "there is no label in it"
    with pytest.raises(SecretInText) as raised:
        refuse_typed("databases update orders eu", REGISTRY, str)
    assert "A label of several words stands in quotes" in raised.value.advice
    with pytest.raises(SecretInText) as raised:
        refuse_typed("databases register postgres://ada:hunter2@h/d", REGISTRY, str)
    assert (raised.value.what, raised.value.because) == ("a connection string", "")


@pytest.mark.parametrize(
    "text",
    [
        'notifications token set "orders in Europe"',
        "databases update orders-eu --back rq-abc --reason “moved to Europe”",
        "databases register",
        "databases register help",
        "databases update orders-eu --help",
        "explain databases update orders-eu <@U0ADA|ada> <#C0PROD|prod>",
        "notifications status orders in Europe",
        "databases lst orders eu",
    ],
)
def test_what_a_command_takes_is_no_secret(text: str) -> None:
    refuse_typed(text, REGISTRY, str)


def test_the_commands_whose_forms_take_secrets_say_so() -> None:
    said = {command.name for command in REGISTRY.commands if command.form and command.form.takes_secrets}
    assert said == {"databases register", "databases update", "notifications token set"}
