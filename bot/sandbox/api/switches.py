"""Where the specification is silent: every plausible answer, by switch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import Enum


class Creation(Enum):
    """Status and body of a registration."""

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
    MISSING = "no meta"


class AbsentToken(Enum):
    """How a token that is not set is told."""

    NOT_FOUND = "404 not_found"
    NULL = "200 with null"
    FLAG = "200 with configured: false"
    EMPTY = "200 with an empty object"


class Names(Enum):
    """How fields are spelled."""

    CAMEL = "managedDatabaseId, siteId, camel case"
    PLAIN_ID = "id, camel case"
    SNAKE = "snake case"


class Times(Enum):
    """How times are written."""

    ISO = "ISO 8601 with Z"
    EPOCH = "seconds since 1970"
    MISSING = "left out"


class PastEnd(Enum):
    """A page of devices past the end."""

    EMPTY = "an empty list"
    NOT_FOUND = "404 not_found"


class Fields(Enum):
    """How much of a database is returned."""

    ALL = "everything but secrets"
    FEW = "id and label only"
    EXTRA = "everything, and fields nobody knows"


@dataclass(frozen=True, kw_only=True)
class Switches:
    """One choice each; the defaults are the likeliest."""

    creation: Creation = Creation.CREATED
    confirmation: Confirmation = Confirmation.OBJECT
    warnings: Warnings = Warnings.IN_DATA
    meta: Meta = Meta.FULL
    absent_token: AbsentToken = AbsentToken.NOT_FOUND
    names: Names = Names.CAMEL
    times: Times = Times.ISO
    past_end: PastEnd = PastEnd.EMPTY
    fields: Fields = Fields.ALL

    @classmethod
    def each(cls) -> Iterator[tuple[str, Switches]]:
        """The defaults, then each other choice by itself, with a name for the test's report."""
        default = cls()
        yield "defaults", default
        for field in fields(cls):
            current = getattr(default, field.name)
            for choice in type(current):
                if choice is not current:
                    yield f"{field.name}-{choice.name.lower()}", replace(default, **{field.name: choice})
