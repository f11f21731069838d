"""What the engines' errors become. Their own text never leaves this layer: PostgreSQL's DETAIL carries whole rows."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.domain.errors import TrailUnavailable, Unavailable
from bot.domain.secrecy import redact

DEADLOCK = "40P01"


def is_engine_error(error: BaseException) -> bool:
    """Whether the engine or the way to it failed, and not the program."""
    return isinstance(error, DBAPIError | PoolTimeout)


def raisable(error: BaseException) -> BaseException:
    """The error as a future takes it: given a `StopIteration` it never ends, nor its caller's wait."""
    if not isinstance(error, StopIteration):
        return error
    stopped = RuntimeError("A unit of work raised StopIteration.")
    stopped.__cause__ = error
    return stopped


def is_deadlock(error: BaseException) -> bool:
    """Whether PostgreSQL chose this transaction to break a circle of waiting."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == DEADLOCK


def keeps_rows_out(error: BaseException) -> bool:
    """Whether the engine would not take a row of the trail, or nothing at all, and not just a unit's own statement."""
    if not is_engine_error(error):
        return False
    statement = error.statement if isinstance(error, DBAPIError) else None
    return not statement or "audit_" in statement or isinstance(error, OperationalError)


def name_of(error: BaseException) -> str:
    """The error by class and SQLSTATE: safe to log and to say."""
    origin = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    code = getattr(origin, "sqlstate", None) or getattr(origin, "sqlite_errorname", None)
    return f"{type(origin).__name__} {code}" if code else type(origin).__name__


def as_unavailable(error: BaseException, *, trail: bool) -> Unavailable:
    """The error that callers see. `trail`: the unit was to be audited."""
    if trail:
        return TrailUnavailable(f"The audit trail cannot be written right now ({name_of(error)}).")
    return Unavailable(f"The database does not answer as it should right now ({name_of(error)}).")


def reason_of(error: SQLAlchemyError) -> str:
    """For the start and `doctor`: the first line of what the engine said, which names no row, without credentials."""
    origin = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    first = next(iter(str(origin).strip().splitlines()), "")
    return redact(first) or type(origin).__name__
