"""What reached us from a person, whatever the surface: the one shape that enters the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Surface(StrEnum):
    """Through which door something came in."""

    COMMAND = "command"
    BUTTON = "button"
    MENU = "menu"
    FORM = "form"
    FORM_CLOSED = "form_closed"
    MENTION = "mention"
    DIRECT_MESSAGE = "direct_message"
    HOME = "home"
    SHORTCUT = "shortcut"
    PROGRAM = "program"


FormValue = str | bool | tuple[str, ...] | None
"""What a form field holds: text or one choice, a tick box, several choices, or nothing."""


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One delivery from a person. `text` is what was typed, or the command a reading button carries."""

    delivery: str
    """The inbox key: event id, else trigger id, else digest of the body."""
    story: str
    """Random id of everything that belongs together; clicks on a request take the request's."""
    surface: Surface
    team_id: str
    channel_id: str
    person_id: str
    text: str = ""
    is_direct: bool = False
    channel_name: str = ""
    person_name: str = ""
    request_id: str | None = None
    """Set for buttons that act on a request."""
    request_step: str | None = None
    """Which step of the request: see `bot.domain.requests.Step`."""
    form_id: str | None = None
    """Set for submissions and closings: the opaque id of the form's own row."""
    form_values: Mapping[str, FormValue] = field(default_factory=dict, repr=False)
    trigger_id: str = field(default="", repr=False)
    response_url: str = field(default="", repr=False)
    message_channel_id: str = ""
    """The channel the clicked message lies in, which must be the request's own."""
    view_id: str = ""
    is_foreign: bool = False
    """Signed with our secret, and yet for another workspace or app: it is turned away and has no other effect."""
    replaces: bool = False
    """A button whose answer replaces the message it sits on (paging)."""
