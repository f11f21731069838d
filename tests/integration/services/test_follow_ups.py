"""What a registration promises to do next: opened with its success, or said not to be."""

from __future__ import annotations

from typing import Any, cast

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import AuditFilter, AuditKind, JsonValue
from bot.domain.requests import Operation, OperationKind, Request, RequestState, Result, Target
from bot.services.follow_ups import THEN_ENABLE, FollowUps
from bot.services.operations.databases import RegisterDatabase
from tests.factories import make_request

AT_ITS_TABLES = make_request(target=Target(key="prod:db_new", id="db_new", label="orders-eu"))


def registered() -> Request:
    """A registration that went through and names tables to enable then."""
    arguments: dict[str, JsonValue] = {THEN_ENABLE: ["orders", "users"]}
    return make_request(
        operation=Operation(kind=OperationKind.REGISTER_DATABASE, environment="prod", arguments=arguments),
        target=Target(key="prod:orders-eu", id="", label="orders-eu"),
        state=RequestState.SUCCEEDED,
        result=Result(created_id="db_new"),
    )


async def followed(database: Database, *others: Request) -> Request:
    """The registration, stored after the others and followed up."""
    request = registered()

    def work(unit: Unit) -> Request:
        for one in (*others, request):
            unit.requests.insert(one)
        return FollowUps(120).owe(unit, request)

    after = await database.write(work)
    assert await database.read(lambda unit: unit.requests.get(request.id)) == after
    return after


async def shown(request: Request) -> dict[str, str]:
    """Its receipt."""
    return dict((await RegisterDatabase().receipt(cast(Any, None), request)).lines)


async def rows(database: Database) -> list[AuditKind]:
    page = await database.read(lambda unit: unit.audit.page(AuditFilter(quiet=True, limit=9)))
    return [row.kind for row in page.records]


async def test_the_tables_are_enabled_next_and_the_receipt_says_so(database: Database) -> None:
    after = await followed(database)
    assert after.result.warnings == ()
    assert await shown(after) == {"Database ID": "db_new", "Tables enabled next": "orders, users"}
    assert await rows(database) == [AuditKind.REQUEST]


async def test_where_somebody_is_at_its_tables_already_it_is_said_and_kept(database: Database) -> None:
    after = await followed(database, AT_ITS_TABLES)
    (warning,) = after.result.warnings
    assert warning.startswith("Not enabled again: orders, users. Another request on this target is open already")
    assert await shown(after) == {"Database ID": "db_new", "Tables to enable by hand": "orders, users"}
    assert await rows(database) == [AuditKind.RECONCILE]
