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


class Registered(Enum):
    """What a registration answers on success."""

    ID = "the id alone"
    OBJECT = "the whole object"
    EMPTY_DATA = "an empty object under data"
    NO_CONTENT = "204 without a body"
    EMPTY_BODY = "no body"

    @property
    def tells_id(self) -> bool:
        """Whether it says what was registered."""
        return self in (Registered.ID, Registered.OBJECT)


class Changed(Enum):
    """Status of a PATCH, PUT, enable, disable or DELETE that answers with a body."""

    OK = 200
    CREATED = 201
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
    TOP = "warnings beside data, texts"


class Meta(Enum):
    """What a list says about itself."""

    FULL = "page, page_size and total"
    TOTAL = "total only"
    MORE = "hasMore only"
    NESTED = "page, page_size and total, under pagination"
    MISSING = "no meta"

    @property
    def tells_total(self) -> bool:
        """Whether it says how many there are in all."""
        return self not in (Meta.MORE, Meta.MISSING)


class EmptyList(Enum):
    """How a list without members is told."""

    EMPTY = "an empty list"
    NULL = "null"


class AbsentToken(Enum):
    """How a token that is not set is told."""

    NOT_FOUND = "404 not_found"
    NO_CONTENT = "204 without a body"
    NULL = "200 with null"
    EMPTY = "200 with an empty object"
    FLAG = "200 with configured: false"
    PRESENT = "200 with present: false"
    EXISTS = "200 with exists: false"
    IS_SET = "200 with isSet: false"
    HAS_TOKEN = "200 with hasToken: false"


class PresentToken(Enum):
    """How a token that is set is told; never by its value."""

    FLAG = "configured: true and updatedAt"
    PRESENT = "present: true and updatedAt"
    EXISTS = "exists: true and updatedAt"
    IS_SET = "isSet: true and updatedAt"
    HAS_TOKEN = "hasToken: true and updatedAt"
    TIMES = "createdAt and updatedAt only"


class AbsentDeletion(Enum):
    """How the deletion of a token or device that is not there ends."""

    NOT_FOUND = "404 not_found"
    SUCCESS = "like a deletion that had something to delete"


class DeviceTime(Enum):
    """The name of a device's last sign of life."""

    SYNC = "lastSyncAt"
    SEEN = "lastSeenAt"
    ACTIVE = "lastActiveAt"
    LAST_SYNC = "lastSync"
    LAST_SEEN = "lastSeen"


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
    """How a field without a value is told, such as the failure of a sound connection or the reason of no pause."""

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


class SomeUnknown(Enum):
    """What becomes of the others where one of several tables does not exist."""

    REFUSED = "nothing: all are refused"
    PART_DONE = "they are changed, and named in the answer"


class AsItIs(Enum):
    """Enabling what is enabled, or disabling what is disabled."""

    DONE = "200"
    CONFLICT = "409 conflict"


class SameLabel(Enum):
    """A label that another database has."""

    TAKEN = "accepted"
    CONFLICT = "409 conflict"


class BadKey(Enum):
    """Status where the key is not known."""

    UNAUTHORIZED = 401
    FORBIDDEN = 403


class Verification(Enum):
    """Status where the tenant database cannot be verified; the code is `database_…` under each."""

    UNPROCESSABLE = 422
    BAD_REQUEST = 400
    CONFLICT = 409
    FAILED_DEPENDENCY = 424
    INTERNAL = 500
    BAD_GATEWAY = 502
    UNAVAILABLE = 503
    GATEWAY_TIMEOUT = 504


@dataclass(frozen=True, kw_only=True)
class Switches:
    """One choice each; the defaults are the likeliest."""

    creation: Creation = Creation.CREATED
    registered: Registered = Registered.ID
    changed: Changed = Changed.OK
    confirmation: Confirmation = Confirmation.OBJECT
    warnings: Warnings = Warnings.IN_DATA
    meta: Meta = Meta.FULL
    empty_list: EmptyList = EmptyList.EMPTY
    absent_token: AbsentToken = AbsentToken.NOT_FOUND
    present_token: PresentToken = PresentToken.FLAG
    absent_deletion: AbsentDeletion = AbsentDeletion.NOT_FOUND
    device_time: DeviceTime = DeviceTime.SYNC
    names: Names = Names.CAMEL
    times: Times = Times.ISO
    unset: Unset = Unset.LEFT_OUT
    past_end: PastEnd = PastEnd.EMPTY
    fields: Fields = Fields.ALL
    invalid: Invalid = Invalid.UNPROCESSABLE
    unknown_table: UnknownTable = UnknownTable.UNPROCESSABLE
    some_unknown: SomeUnknown = SomeUnknown.REFUSED
    as_it_is: AsItIs = AsItIs.DONE
    same_label: SameLabel = SameLabel.TAKEN
    bad_key: BadKey = BadKey.UNAUTHORIZED
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
    def turns(cls) -> Iterator[tuple[str, Switches]]:
        """All switches at once, each at its next choice every time, until every choice had its turn beside others."""
        choices = cls.choices()
        for turn in range(1, max(len(each) for each in choices.values())):
            chosen = {name: each[turn % len(each)] for name, each in choices.items()}
            yield f"turn-{turn}", cls(**chosen)  # type: ignore[arg-type]

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
