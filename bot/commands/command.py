"""A command as data. Parsing, help, the Slack manifest, the README's table and the tests' matrix come from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from bot.commands.context import Context
from bot.domain.access import Gate, OperationClass, Role, SubjectKind
from bot.domain.audit import AuditAction
from bot.domain.invocation import FormValue
from bot.domain.replies import Form, Reply
from bot.domain.requests import Proposal

T = TypeVar("T")


class ParameterKind(StrEnum):
    """What a word of a command stands for; parsing turns it into the type in brackets."""

    DATABASE = "database"
    """An id, label or unambiguous prefix [str]; the pipeline resolves it into `Context.target`."""
    TEXT = "text"
    """[str]"""
    WORDS = "words"
    """All that is left, joined by spaces [str]."""
    NAMES = "names"
    """Tables or site ids [tuple[str, ...]]."""
    NUMBER = "number"
    """[int]"""
    FLAG = "flag"
    """[bool]"""
    ROLE = "role"
    """[Role]"""
    PERSON = "person"
    """<@U…|name> [str, the id]"""
    SUBJECT = "subject"
    """A person or <!subteam^S…|name> [Subject]"""
    CHANNEL = "channel"
    """<#C…|name> [str, the id]"""
    TIME = "time"
    """7d, 2026-11-01, yesterday 14:00, in the person's time zone [datetime]."""
    CHOICE = "choice"
    """One of `choices` [str]."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Who a grant is for, as mentioned."""

    kind: SubjectKind
    id: str


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One positional word (`option` empty) or option (`--page`) of a command."""

    name: str
    kind: ParameterKind
    summary: str
    option: str = ""
    required: bool = False
    default: object = None
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    runs_on: bool = False
    """Takes all words up to the next option without quotes; where it is no option itself, unknown options as well."""
    unpicked: bool = False
    """A person or a channel that was typed without being picked is left, with its sign, to the command, which knows
    names that come near."""
    ends: bool = False
    """A time that ends a range: one that is still to come stands for now."""


DATABASE = Parameter(
    name="database", kind=ParameterKind.DATABASE, summary="id, label, or the beginning of either", required=True
)
"""Of every command that is about one database."""


@dataclass(frozen=True)
class Arguments:
    """A command's parsed words, read by name and type."""

    values: Mapping[str, object] = field(default_factory=dict)

    def get(self, name: str, kind: type[T]) -> T | None:
        """The value if it is there and of this type."""
        value = self.values.get(name)
        return value if isinstance(value, kind) else None

    def text(self, name: str) -> str:
        """Text, or "" where nothing was given."""
        return self.get(name, str) or ""

    def names(self, name: str) -> tuple[str, ...]:
        """Several names, maybe none."""
        return tuple(str(item) for item in self.get(name, tuple) or ())

    def flag(self, name: str) -> bool:
        """Whether a flag was given."""
        return self.values.get(name) is True


Answer = Reply | Form | Proposal
"""What a handler gives back: an answer, a form to fill in, or something to be done behind a gate."""

Values = Mapping[str, FormValue]
Handler = Callable[[Context, Arguments], Awaitable[Answer]]
Submit = Callable[[Context, Arguments, Values], Awaitable[Answer]]
Check = Callable[[Arguments, Values], Mapping[str, str]]
Suggest = Callable[[Context, Arguments, str, str], Awaitable[tuple[tuple[str, str], ...]]]


@dataclass(frozen=True, kw_only=True)
class FormSpec:
    """How a command uses a form. `handler` builds it; the rest is here."""

    title: str
    """Shown while it loads, at most 24 characters."""
    opens: Callable[[Arguments], bool]
    """Pure: whether these arguments need the form. It is opened before anything slow is done."""
    check: Check
    """Pure: field name → what is wrong, for what can be told without asking anybody."""
    submit: Submit
    suggest: Suggest | None = None
    takes_secrets: bool = False
    """A field of it takes a secret: what is typed beyond the command's own words may be meant for that field."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """One thing people can ask for."""

    path: tuple[str, ...]
    """`("databases", "delete")`."""
    summary: str
    """One sentence for help and the README."""
    example: str
    """Without the slash command's own name: `databases delete orders-eu`."""
    operation_class: OperationClass
    asks: Role
    """Who may ask."""
    gate: Gate
    action: AuditAction
    handler: Handler
    endpoint: str = ""
    """`DELETE /v1/databases/:databaseID`, for the README's table."""
    parameters: tuple[Parameter, ...] = ()
    form: FormSpec | None = None
    note: str = ""
    """What class and gate alone do not tell."""
    partly_approved: bool = False
    """Some of what can be asked for waits for an approval, whatever the gate says; `note` tells which."""
    aliases: tuple[tuple[str, ...], ...] = ()

    @property
    def name(self) -> str:
        """The path as typed."""
        return " ".join(self.path)

    @property
    def about_roles(self) -> bool:
        """Whether it is one of those that a bot admin has where nothing is bound."""
        return self.path[0] == "roles"

    @property
    def may_wait(self) -> bool:
        """Whether somebody else may have to approve it."""
        return self.gate is Gate.APPROVE or self.partly_approved
