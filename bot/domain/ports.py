"""What lower layers need from upper ones, as protocols that bootstrap fills in."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from bot.domain.access import Person
from bot.domain.errors import BotError
from bot.domain.invocation import Invocation
from bot.domain.replies import Form, Reply


class Clock(Protocol):
    """The time, injected. Always aware and UTC."""

    def now(self) -> datetime:
        """The wall clock."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for guards and deadlines."""
        ...


@dataclass(frozen=True, kw_only=True)
class Posted:
    """Where a message lies."""

    channel_id: str
    ts: str
    thread_ts: str = ""
    """The first message of the thread that it is in, or ""."""


class MessageRefused(BotError):
    """Slack will not take the message there (`not_in_channel`, `channel_not_found`, ...): no use repeating."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class MessageDelayed(BotError):
    """Slack did not take the message now (429, 5xx, outage). `sent_maybe`: it may be there all the same."""

    def __init__(self, code: str, *, retry_after: float | None = None, sent_maybe: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after
        self.sent_maybe = sent_maybe


class Messenger(Protocol):
    """Says things in Slack. Raises MessageRefused or MessageDelayed."""

    async def post(self, channel_id: str, reply: Reply, *, marker: str, thread: str = "") -> Posted:
        """A real message; `marker` (an opaque id) lets `find` recognise it. Without its thread, in the channel."""
        ...

    async def find(self, channel_id: str, marker: str, *, since: datetime, thread: str = "") -> Posted | None:
        """Whether a message with this marker is there already (the connection died after Slack took it)."""
        ...

    async def link(self, posted: Posted) -> str:
        """An address that opens the message, or ""."""
        ...

    async def read_thread(self, channel_id: str, thread_ts: str) -> Sequence[tuple[str, str]]:
        """The ts and text of everything that this bot itself said in a thread, oldest first."""
        ...

    async def read_channel(self, channel_id: str, *, since: str = "") -> Sequence[tuple[str, str]]:
        """The same of a channel, behind a ts, but for what stands in threads."""
        ...

    async def update(self, posted: Posted, reply: Reply) -> None:
        """Draw the message anew."""
        ...

    async def whisper(self, channel_id: str, person_id: str, reply: Reply) -> None:
        """Private (ephemeral) in a channel; falls back to a direct message."""
        ...

    async def direct(self, person_id: str, reply: Reply) -> Posted:
        """A direct message."""
        ...

    async def upload(self, person_id: str, file: Path, *, name: str, comment: str) -> str:
        """A file into the direct message with this person, streamed; its link, or "" where Slack gives none."""
        ...


class Directory(Protocol):
    """Who people and channels are, from Slack. A failed look-up raises PeopleUnavailable: deny."""

    async def person(self, person_id: str, *, fresh: bool = False) -> Person:
        """`fresh` asks Slack again: at a decision and at the send."""
        ...

    async def groups_of(self, person_id: str, group_ids: Sequence[str], *, fresh: bool = False) -> frozenset[str]:
        """Which of these user groups the person belongs to."""
        ...

    async def group_members(self, group_id: str, *, fresh: bool = False) -> frozenset[str]:
        """The ids of a user group's members."""
        ...

    async def channel_members(self, channel_id: str, *, limit: int = 1000) -> frozenset[str]:
        """The ids of a channel's members, as far as a bounded look tells."""
        ...

    async def join(self, channel_id: str) -> str:
        """Join a public channel; "" where the bot is in it now, or Slack's code of refusal (a private one invites)."""
        ...

    async def channel_name(self, channel_id: str) -> str:
        """The channel's name as of now, or "" when it cannot be seen."""
        ...


class Responder(Protocol):
    """Answers one delivery on the surface it came from. Implemented per surface by the slack layer."""

    async def show(self, reply: Reply, *, form_id: str = "") -> bool:
        """The answer. Private unless `reply.shared`. Finds another way to the person if Slack refuses one.

        False where no way led to them: what is owed to them as a message stays owed.
        `form_id` goes with an answer in a form's place: its buttons come back with it, and with no channel.
        """
        ...

    async def open_loading(self, title: str) -> None:
        """Open an empty form at once: a trigger lives three seconds."""
        ...

    async def open_form(self, form: Form, form_id: str) -> None:
        """Fill the loading form, or open one."""
        ...


@dataclass(frozen=True, kw_only=True)
class FormAdmission:
    """What to acknowledge a submission with, decided within Slack's three seconds and without any HTTP call.

    At most one of errors, waiting and refused is set; none of them: the form closes and the work goes on.
    """

    errors: Mapping[str, str] = field(default_factory=dict)
    """Field name → what is wrong with it; the form stays open."""
    waiting: Form | None = None
    """The same form, saying that the work is under way; the fields keep what was typed."""
    admitted: bool = False
    """This submission is the one that runs; a second one meets `waiting` without it and sends nothing."""
    refused: Reply | None = None
    """Shown in the form's place: it was submitted already, is too old, or is somebody else's."""


class Pipeline(Protocol):
    """The one way in, for every surface. Implemented by `bot.commands.dispatch`."""

    async def admit(self, invocation: Invocation) -> FormAdmission:
        """Judge a form's submission before it is acknowledged."""
        ...

    async def run(self, invocation: Invocation, responder: Responder) -> str | None:
        """Carry the invocation through to its answer; returns the verdict in one plain line for the inbox.

        None where the trail could not be written: the delivery stays unfinished, and is written down when found.
        """
        ...

    async def suggest(self, invocation: Invocation, field_name: str, typed: str) -> Sequence[tuple[str, str]]:
        """Type-ahead for a form's field: (value, label), at most 100. Answered, not recorded."""
        ...


class SystemClock:
    """The real clock."""

    def now(self) -> datetime:
        """The wall clock in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """The event loop's and the guards' clock."""
        return time.monotonic()
