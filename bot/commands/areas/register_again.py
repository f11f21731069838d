"""**Register again**: what a deletion's request remembers of its database, for the form to be filled in. No secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.commands.context import Context
from bot.domain.audit import JsonValue
from bot.domain.errors import InvalidInput
from bot.domain.requests import OperationKind, RequestState

GONE = frozenset({RequestState.SUCCEEDED, RequestState.ALREADY_ABSENT, RequestState.RESOLVED})


@dataclass(frozen=True, kw_only=True)
class Deleted:
    """A deleted database as it was read before; empty for a registration that repeats none."""

    request_id: str = ""
    known: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """What the form says above its fields."""
        if not self.request_id:
            return ()
        return (
            f"Filled in from {self.request_id}. Type the connection string and any JWT secret anew.",
            self._of_tables(),
        )

    def _of_tables(self) -> str:
        """What becomes of them afterwards; that none was enabled is said only where they could be read."""
        tables = self.several("enabled_tables")
        if tables:
            listed = ", ".join(tables[:5]) + (f" and {len(tables) - 5} more" if len(tables) > 5 else "")
            return f"Afterwards these tables are enabled again: {listed}."
        if "enabled_tables" in self.known:
            return "No table was seen enabled."
        return "Which tables were enabled could not be read before: enable them by hand afterwards."

    def text(self, name: str) -> str | None:
        """A text, None where it is not known."""
        value = self.known.get(name)
        return value if isinstance(value, str) and value else None

    def several(self, name: str) -> tuple[str, ...]:
        """Several texts, maybe none."""
        value = self.known.get(name)
        return tuple(str(item) for item in value) if isinstance(value, list) else ()

    def one_of(self, name: str, options: Sequence[tuple[str, str]]) -> str | None:
        """A text that is among the options: a menu takes no other."""
        value = self.text(name)
        return value if value in {option for option, _ in options} else None


async def deleted(context: Context, request_id: str) -> Deleted:
    """What is known of the database that a request deleted, in this team and environment; `InvalidInput` otherwise."""
    if not request_id:
        return Deleted()
    request = await context.services.approvals.get(request_id)
    if (
        request is None
        or request.team_id != context.invocation.team_id
        or request.operation.kind is not OperationKind.DELETE_DATABASE
        or request.operation.environment != context.standing.environment
        or request.state not in GONE
    ):
        raise InvalidInput(
            "No deletion of a database here goes by that id.", advice="Register it by hand with `databases register`."
        )
    return Deleted(request_id=request.id, known={**request.observation.identity, **request.observation.keep})
