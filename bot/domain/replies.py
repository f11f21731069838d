"""Answers and forms in words of our own: no Block Kit here. `bot.slack.blocks` and `.forms` draw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Mood(StrEnum):
    """The verdict's colour: what somebody sees before reading."""

    PLAIN = "plain"
    GOOD = "good"
    WAITING = "waiting"
    WARNING = "warning"
    BAD = "bad"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Strong:
    """Bold text."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Code:
    """An id, a command or another thing to be copied as it stands."""

    text: str


@dataclass(frozen=True, kw_only=True)
class PersonRef:
    """A mention of a person, which notifies them where the message is public."""

    id: str


@dataclass(frozen=True, kw_only=True)
class GroupRef:
    """A mention of a user group."""

    id: str


@dataclass(frozen=True, kw_only=True)
class ChannelRef:
    """A link to a channel."""

    id: str


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A time, shown in the reader's own zone."""

    at: datetime
    with_date: bool = True


Span = str | Strong | Code | PersonRef | GroupRef | ChannelRef | Moment
"""A plain `str` is untrusted text: it is escaped when drawn and never becomes a mention or a link."""

Line = tuple[Span, ...]


def line(*spans: Span) -> Line:
    """Put spans together; spaces between them are the caller's."""
    return spans


def enumerated(names: Sequence[Span], *, most: int) -> Line:
    """`A, B and C`; of more than `most`, how many are left: `A, B and 3 more`."""
    shown = list(names[:most])
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    spans: list[Span] = []
    for number, name in enumerate(shown, start=1):
        joint = "" if number == 1 else " and " if number == len(shown) else ", "
        spans += [joint, name] if joint else [name]
    return tuple(spans)


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """One or more lines of text."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Bullets:
    """A short list. The renderer folds what does not fit and says how many are left."""

    items: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A few named values, the important first."""

    pairs: tuple[tuple[str, Line], ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under headings, for a native table with a text fallback."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One native bar chart; the same figures stand in a table for those who cannot see it."""

    caption: str
    categories: tuple[str, ...]
    series: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class Small:
    """A line in small print: references, times, what was left out."""

    line: Line


Part = Paragraph | Bullets | Facts | Table | Chart | Small


class Style(StrEnum):
    """How a button looks."""

    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True, kw_only=True)
class Question:
    """The chat's own confirmation dialog before a click is delivered."""

    title: str
    text: str
    confirm: str
    deny: str = "Go back"
    style: Style = Style.PLAIN
    """Of its confirming button."""


LONGEST_COMMAND = 1_500
"""Characters of a command that fit into a button; a longer one is left to the person."""


@dataclass(frozen=True, kw_only=True)
class CommandButton:
    """A button that carries a command, authorised on the click as if typed."""

    label: str
    command: str
    style: Style = Style.PLAIN
    replaces: bool = False
    """The answer takes the place of this message (paging)."""


@dataclass(frozen=True, kw_only=True)
class RequestButton:
    """A button that acts on a request: it carries the request's random id and the step, nothing else."""

    label: str
    request_id: str
    step: str
    style: Style = Style.PLAIN
    question: Question | None = None


@dataclass(frozen=True, kw_only=True)
class CommandMenu:
    """A menu whose options each carry a command: candidates of an ambiguous name, for example."""

    label: str
    options: tuple[tuple[str, str], ...]
    """(label, command)."""


@dataclass(frozen=True, kw_only=True)
class LinkButton:
    """A button that opens an address."""

    label: str
    url: str


Action = CommandButton | RequestButton | CommandMenu | LinkButton


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer: the verdict first, the next action last.

    `verdict` is one short sentence, `next_step` one sentence that says what to do now.
    """

    verdict: Line
    mood: Mood = Mood.PLAIN
    parts: tuple[Part, ...] = ()
    next_step: Line = ()
    actions: tuple[Action, ...] = ()
    reference: str = ""
    """Found again in the log; shown small."""
    code: str = ""
    """The API's, where what was read is itself a failure: the row of the reading has it."""
    shared: bool = False
    """Shown to the whole channel rather than to the asker alone."""


class FieldKind(StrEnum):
    """What a form field is made of."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    SECRET = "secret"  # noqa: S105 - the name of a kind, not a password
    CHOICE = "choice"
    SUGGESTED = "suggested"
    """Type-ahead over known values which also takes any text."""
    SEVERAL = "several"
    """Multiple choice; over 100 options it becomes type-ahead."""
    TICK = "tick"
    PERSON = "person"
    CHANNEL = "channel"
    DAY = "day"


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One input. `name` is stable and becomes the block id, so that typed values survive a redraw."""

    name: str
    label: str
    kind: FieldKind
    required: bool = True
    value: str | bool | tuple[str, ...] | None = None
    """The initial value; never set for a SECRET."""
    options: tuple[tuple[str, str], ...] = ()
    """(value, label) for CHOICE, SUGGESTED and SEVERAL."""
    hint: str = ""
    placeholder: str = ""
    max_length: int | None = None
    expects: str = ""
    """What must be typed here, as in "type the label to confirm"; quotes, dashes and outer spaces are forgiven."""
    problem: str = ""
    """What is wrong with it, shown beneath it: found out only once the form was sent."""
    on_demand: bool = False
    """Not shown until something that was sent calls for it."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """A modal: what to fill in, and which command its submission belongs to."""

    title: str
    """At most 24 characters."""
    submit: str
    command: str
    """The command's path and fixed arguments as typed: "databases delete db_x". Stored, not sent."""
    fields: tuple[FormField, ...]
    intro: tuple[Line, ...] = ()
    step: str = "submit"
    """Which submission this is, for commands with more than one form."""
    request_id: str | None = None
    waits: str = ""
    """What the form says while its submission is worked on; empty: the form closes at once."""
    problem: tuple[Line, ...] = field(default=())
    """The API's refusal, shown above the fields."""
