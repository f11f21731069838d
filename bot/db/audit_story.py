"""One story: a page of it, and the rows that tell what it is about and how it stands, however long it is.

Somebody may press a button hundreds of times. The numbers of a story's rows come from its index alone; of the rows
themselves only those are read that are shown, the oldest, the newest, and those that end a request.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Row, or_, select

from bot.db.many import is_one_of
from bot.db.tables import audit_events
from bot.domain.audit_figures import ENDS_A_REQUEST

OLDEST = 25
NEWEST = 100
ENDS = 25
"""The newest of the rows that may say how a request stands: a state that is none of ours ends nothing."""

Column = audit_events.c


def story_named(connection: Connection, reference: str) -> str | None:
    """The story that a seq, a request id or a story id belongs to."""
    if reference.isdecimal() and len(reference) < 19:
        return _first_story(connection, Column.seq == int(reference))
    by_request = _first_story(connection, Column.request_id == reference)
    return by_request or _first_story(connection, Column.story == reference)


def _first_story(connection: Connection, where: ColumnElement[bool]) -> str | None:
    return connection.execute(select(Column.story).where(where).order_by(Column.seq).limit(1)).scalar()


def rows_of_story(
    connection: Connection, story: str, page: int, size: int
) -> tuple[list[int], list[Row[tuple[object, ...]]], list[Row[tuple[object, ...]]]]:
    """The numbers of all its rows, and the rows of the page and those that tell of the whole, each oldest first.

    A page beyond the last one is the last.
    """
    of_it = Column.story == story
    numbers = list(connection.execute(select(Column.seq).where(of_it).order_by(Column.seq)).scalars())
    begins = (min(page, -(-len(numbers) // size)) - 1) * size
    ends = select(Column.seq).where(of_it, or_(Column.kind.in_(ENDS_A_REQUEST), Column.payload.contains('"state":')))
    telling = {*numbers[:OLDEST], *numbers[-NEWEST:]}
    telling |= set(connection.execute(ends.order_by(Column.seq.desc()).limit(ENDS)).scalars())
    wanted = telling.union(numbers[begins : begins + size])
    here = is_one_of(connection.dialect.name, Column.seq, sorted(wanted))
    rows = connection.execute(select(audit_events).where(here).order_by(Column.seq)).all()
    shown = set(numbers[begins : begins + size])
    return numbers, [row for row in rows if row.seq in shown], [row for row in rows if row.seq in telling]
