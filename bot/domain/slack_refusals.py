"""What Slack's refusals mean for the person who waits: its code in words, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

UNINVITED = frozenset({"not_in_channel", "channel_not_found"})
"""The bot is no member: an invitation mends it, and nothing else does."""

_ASK_AGAIN = "ask again; what was typed is not kept."
_REFUSALS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "is_archived": ("That channel is archived, so nobody can write there", "ask in another channel."),
        "expired_trigger_id": ("Slack did not let the form open: the answer took longer than it waits", _ASK_AGAIN),
        "trigger_exchanged": ("Slack did not let the form open a second time", _ASK_AGAIN),
        "exchanged_trigger_id": ("Slack did not let the form open a second time", _ASK_AGAIN),
        "not_found": ("The form is closed already", _ASK_AGAIN),
        "view_not_found": ("The form is closed already", _ASK_AGAIN),
    }
)
"""Source: the errors of `chat.postMessage`, `views.open` and `views.update` in Slack's reference."""


def verdict_on_card(code: str) -> str:
    """What kept a request's message out of its channel, as a sentence without its full stop."""
    return "Slack does not let the bot write in the channel" if code in UNINVITED else refusal_in_words(code)[0]


def refusal_in_words(code: str) -> tuple[str, str]:
    """What happened, as a verdict without its full stop, and what to do now."""
    fallback = "Slack refused it", "ask again; if it stays, give the reference to whoever runs the bot."
    return _REFUSALS.get(code, fallback)
