"""Names that were typed and not picked."""

from __future__ import annotations

import pytest

from bot.domain.errors import InvalidInput
from tests.factories import make_entry
from tests.unit.commands.areas.channel import Channel


@pytest.mark.parametrize(
    ("typed", "said", "nearest"),
    [
        ("--user @adda", "@adda is not a person", ("@ada",)),
        ("--user adda", "@adda is not a person", ("@ada",)),
        ("--channel #prodd", "#prodd is not a channel", ("#prod",)),
        ("--user @zzz", "@zzz is not a person", ()),
    ],
)
@pytest.mark.parametrize("command", ["audit list", "audit search"])
async def test_a_name_that_was_not_picked_gets_those_that_the_trail_knows(
    channel: Channel, command: str, typed: str, said: str, nearest: tuple[str, ...]
) -> None:
    for given in ({"payload": {"person": "ada", "channel": "prod"}}, {"actor": "", "payload": {"channel": "C0PROD"}}):
        entry = make_entry(**given)
        await channel.database.write(lambda unit, entry=entry: unit.audit.append(entry))  # type: ignore[misc]
    with pytest.raises(InvalidInput, match=said) as raised:
        await channel.ask(f"{command} {typed}")
    assert raised.value.nearest == nearest
    assert "pick the name" in raised.value.advice
