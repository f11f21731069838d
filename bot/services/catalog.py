"""Which database is meant: an id, an exact label, or an unambiguous beginning of either."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.errors import NotFound
from bot.cloudsync.models import Database
from bot.domain.errors import UnknownTarget

CANDIDATES = 10
WHOLE_ID = re.compile(r"db_[A-Za-z0-9]{24,}")
"""As the specification prints an id."""
LOOKED_AT = 5_000
"""Labels that are compared for nearness, at most."""


async def resolve_database(api: CloudSyncClient, typed: str) -> Database:
    """The database that is meant; `UnknownTarget` with candidates where it is none or several."""
    named = await _by_id(api, typed.strip())
    if named is not None:
        return named
    everything = await api.list_databases()
    found = matching(everything, typed)
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownTarget(
            f"Several databases go by “{typed[:60]}”.", typed=typed, candidates=choices(found), ambiguous=True
        )
    near = nearest(everything, typed)
    raise UnknownTarget(f"There is no database “{typed[:60]}”.", typed=typed, candidates=choices(near))


async def _by_id(api: CloudSyncClient, typed: str) -> Database | None:
    """One small reading in place of the whole list: buttons and forms always carry the id."""
    if not WHOLE_ID.fullmatch(typed):
        return None
    try:
        found = await api.get_database(typed)
    except NotFound:
        return None
    return found if found.id else replace(found, id=typed)


def matching(everything: Sequence[Database], typed: str) -> tuple[Database, ...]:
    """Exact id first, then exact label, then beginnings in any case."""
    wanted = typed.strip()
    tests: tuple[Callable[[Database], bool], ...] = (
        lambda database: database.id == wanted,
        lambda database: database.label == wanted,
        lambda database: (database.label or "").casefold() == wanted.casefold(),
        lambda database: _begins(database, wanted.casefold()),
    )
    for test in tests:
        found = tuple(database for database in everything if test(database))
        if found:
            return found
    return ()


def _begins(database: Database, wanted: str) -> bool:
    names = ((database.id or "").casefold(), (database.label or "").casefold())
    return bool(wanted) and any(name.startswith(wanted) for name in names)


def nearest(everything: Sequence[Database], typed: str) -> tuple[Database, ...]:
    """What comes close to a name that nobody has, within a bounded look."""
    by_name = {(database.label or database.id or "").casefold(): database for database in everything[:LOOKED_AT]}
    wanted = typed.casefold()[:80]
    close = get_close_matches(wanted, by_name, n=5, cutoff=0.6)
    inside = [name for name in by_name if wanted and wanted in name][:5]
    return tuple(by_name[name] for name in dict.fromkeys([*inside, *close]))


def choices(databases: Sequence[Database]) -> tuple[tuple[str, str], ...]:
    """(id, label and id) of each, at most ten."""
    return tuple((database.id or "", shown(database)) for database in databases[:CANDIDATES])


def shown(database: Database) -> str:
    """A database as people read it."""
    return f"{database.label} ({database.id})" if database.label else database.id or "unnamed"
