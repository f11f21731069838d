"""What one setting may look like, judged by its form alone. The sentences say what is wanted, never what was given."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr

KEY_BYTES = 32


def _words(value: object) -> object:
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


def _one_or_zero(value: object) -> object:
    if value in ("1", True):
        return True
    if value in ("0", False):
        return False
    raise ValueError("takes 1 or 0")


def _bot_token(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith("xoxb-"):
        raise ValueError("takes the bot token, which begins with xoxb-")
    return value


def _app_token(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith("xapp-"):
        raise ValueError("takes an app-level token, which begins with xapp-")
    return value


def _people(value: tuple[str, ...]) -> tuple[str, ...]:
    if not all(re.fullmatch("[UW][A-Z0-9]+", one) for one in value):
        raise ValueError(
            "takes Slack user ids, which begin with U or W (your profile, Copy member ID), comma-separated"
        )
    return value


def _channel(value: str) -> str:
    if value and not re.fullmatch("[CG][A-Z0-9]+", value):
        raise ValueError("takes a channel's id, which begins with C or G, and not its name")
    return value


def _keys(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(_key(word.strip()) for word in value.split(",") if word.strip())


def _key(word: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
    except (binascii.Error, ValueError):
        raise ValueError("takes URL-safe base64") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"takes keys of {KEY_BYTES} bytes")
    return key


def _rising(value: tuple[int, ...]) -> tuple[int, ...]:
    if not value or list(value) != sorted(set(value)) or value[0] < 1:
        raise ValueError("takes rising numbers of seconds")
    return value


def _web_address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("takes an address that begins with http:// or https://")
    return value


def _slash(value: str) -> str:
    if not value.startswith("/") or len(value) < 2 or len(value) > 32 or " " in value:
        raise ValueError("takes a slash and a word of at most 31 characters")
    return value


def _scheme(value: str) -> str:
    if not value.startswith(("sqlite:", "postgres:", "postgresql:", "postgresql+psycopg:")):
        raise ValueError("begins with sqlite:///, postgres:// or postgresql://")
    return value


Switch = Annotated[bool, BeforeValidator(_one_or_zero)]
Keys = Annotated[tuple[bytes, ...], BeforeValidator(_keys)]
Seconds = Annotated[tuple[int, ...], BeforeValidator(_words), AfterValidator(_rising)]
People = Annotated[tuple[str, ...], BeforeValidator(_words), AfterValidator(_people)]
Address = Annotated[str, AfterValidator(_web_address)]
BotToken = Annotated[SecretStr, AfterValidator(_bot_token)]
AppToken = Annotated[SecretStr, AfterValidator(_app_token)]
ChannelId = Annotated[str, AfterValidator(_channel)]
SlashCommand = Annotated[str, AfterValidator(_slash)]
DatabaseAddress = Annotated[str, AfterValidator(_scheme)]
