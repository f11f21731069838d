"""Where the specification is silent: every plausible answer, by switch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import Enum


class Creation(Enum):
    """Status of a registration."""

    CREATED = 201
    OK = 200
    ACCEPTED = 202


class Confirmation(Enum):
    """What a PATCH, PUT, enable, disable or DELETE answers on success."""

    OBJECT = "the object under data"
    EMPTY_DATA = "an empty object under data"
    NULL_DATA = "null under data"
    NO_CONTENT = "204 without a body"
    EMPTY_BODY = "200 without a body"


class Warnings(Enum):
    """Where a deletion's warnings stand."""

    IN_DATA = "data.warnings, texts"
    IN_META = "meta.warnings, texts"
    OBJECTS = "data.warnings, objects with code and message"


class Meta(Enum):
    """What a list says about itself."""

    FULL = "page, page_size and total"
    TOTAL = "total only"
    MORE = "hasMore only"
    NESTED = "page, page_size and total, under pagination"
    MISSING = "no meta"


class AbsentToken(Enum):
    """How a token that is not set is told."""

    NOT_FOUND = "404 not_found"
    NULL = "200 with null"
    FLAG = "200 with configured: false"
    EMPTY = "200 with an empty object"


class PresentToken(Enum):
    """How a token that is set is told; never by its value."""

    FLAG = "configured: true and updatedAt"
    TIMES = "createdAt and updatedAt only"


class AbsentDeletion(Enum):
    """How the deletion of a token or device that is not there ends."""

    NOT_FOUND = "404 not_found"
    SUCCESS = "like a deletion that had something to delete"


class Names(Enum):
    """How fields are spelled."""

    CAMEL = "managedDatabaseId, siteId, camel case"
    PLAIN_ID = "id, camel case"
    DATABASE_ID = "databaseId, siteId, camel case"
    SNAKE = "snake case"


class Times(Enum):
    """How times are written."""

    ISO = "ISO 8601 with Z"
    OFFSET = "ISO 8601 with microseconds and +00:00"
    EPOCH = "seconds since 1970"
    MILLISECONDS = "milliseconds since 1970"
    MISSING = "left out"


class Unset(Enum):
    """How a field without a value is told."""

    LEFT_OUT = "not at all"
    NULL = "as null"


class PastEnd(Enum):
    """A page of devices past the end."""

    EMPTY = "an empty list"
    NOT_FOUND = "404 not_found"


class Fields(Enum):
    """How much of a database is returned."""

    ALL = "everything but secrets"
    FEW = "id and label only"
    EXTRA = "everything, and fields nobody knows"


class Invalid(Enum):
    """Status of a body that is understood and not acceptable."""

    UNPROCESSABLE = 422
    BAD_REQUEST = 400


class UnknownTable(Enum):
    """Status where a table to enable or disable does not exist."""

    UNPROCESSABLE = 422
    NOT_FOUND = 404


class Verification(Enum):
    """Status where the tenant database cannot be verified; the code is `database_…` under each."""

    UNPROCESSABLE = 422
    BAD_REQUEST = 400
    BAD_GATEWAY = 502


@dataclass(frozen=True, kw_only=True)
class Switches:
    """One choice each; the defaults are the likeliest."""

    creation: Creation = Creation.CREATED
    confirmation: Confirmation = Confirmation.OBJECT
    warnings: Warnings = Warnings.IN_DATA
    meta: Meta = Meta.FULL
    absent_token: AbsentToken = AbsentToken.NOT_FOUND
    present_token: PresentToken = PresentToken.FLAG
    absent_deletion: AbsentDeletion = AbsentDeletion.NOT_FOUND
    names: Names = Names.CAMEL
    times: Times = Times.ISO
    unset: Unset = Unset.LEFT_OUT
    past_end: PastEnd = PastEnd.EMPTY
    fields: Fields = Fields.ALL
    invalid: Invalid = Invalid.UNPROCESSABLE
    unknown_table: UnknownTable = UnknownTable.UNPROCESSABLE
    verification: Verification = Verification.UNPROCESSABLE

    @classmethod
    def each(cls) -> Iterator[tuple[str, Switches]]:
        """The defaults, then each other choice by itself, with a name for the test's report."""
        default = cls()
        yield "defaults", default
        for name, choices in cls.choices().items():
            for choice in choices:
                if choice is not getattr(default, name):
                    yield f"{name}-{choice.name.lower()}", default.with_choice(name, choice.name)

    @classmethod
    def choices(cls) -> dict[str, list[Enum]]:
        """All choices by the name of their switch, in the order in which they are declared."""
        kinds: dict[str, type[Enum]] = {field.name: type(field.default) for field in fields(cls)}
        return {name: list(kind) for name, kind in kinds.items()}

    def with_choice(self, name: str, choice: str) -> Switches:
        """These switches with one of them set, both by name. KeyError where there is no such switch or choice."""
        by_name = {one.name: one for one in self.choices()[name]}
        changed: dict[str, Enum] = {name: by_name[choice.upper()]}
        return replace(self, **changed)  # type: ignore[arg-type]

    def chosen(self) -> dict[str, str]:
        """What is set, by name."""
        return {field.name: getattr(self, field.name).name.lower() for field in fields(self)}
