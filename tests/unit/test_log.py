"""What stands in a line of the log, and what is taken out of it."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import pytest

from bot.log import redacted

TRIGGER = "command:7241365902.4815162342.rY9xq2LmT4vKcZ8sWb3NfHd6PjGa7UeQ"
RANDOM = "rY9xq2LmT4vKcZ8sWb3NfHd6PjGa7UeQ1oXiB5tR"


def logged(**event: Any) -> MutableMapping[str, Any]:
    return redacted(None, "info", event)


def test_a_line_keeps_the_delivery_that_it_is_about() -> None:
    assert logged(delivery=TRIGGER)["delivery"] == TRIGGER


@pytest.mark.parametrize("name", ["event", "error", "channel"])
def test_elsewhere_what_looks_like_a_key_is_taken_out(name: str) -> None:
    assert RANDOM not in logged(**{name: RANDOM})[name]


@pytest.mark.parametrize("value", ["xoxb-1234567890-abcdefgh", f"key {RANDOM}", "token=abcd1234", RANDOM * 4])
def test_what_is_no_id_is_taken_out_even_where_ids_stand(value: str) -> None:
    assert logged(delivery=value)["delivery"] != value


def test_what_is_secret_by_its_name_is_taken_out_whatever_it_holds() -> None:
    assert logged(access_token="x", sealed="y") == {"access_token": "[removed]", "sealed": "[removed]"}
