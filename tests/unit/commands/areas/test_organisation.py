"""Which organisation a channel works on."""

from __future__ import annotations

from bot.domain.replies import Mood
from tests.unit.commands.areas.channel import Channel
from tests.unit.commands.plain import line_text, reply_text


async def test_an_active_organisation_is_named_with_slug_and_environment(channel: Channel) -> None:
    reply = await channel.reply("org")
    assert line_text(reply.verdict) == "Acme Corp is active"
    assert "Slug: acme" in reply_text(reply)
    assert "Environment: prod" in reply_text(reply)


async def test_anything_but_active_is_a_warning(channel: Channel) -> None:
    channel.api.estate.organisation.status = "suspended"
    reply = await channel.reply("org")
    assert line_text(reply.verdict) == "Acme Corp is not active: suspended"
    assert reply.mood is Mood.WARNING
