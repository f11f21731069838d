"""Devices: list page by page, remove with another admin's approval."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from bot.cloudsync.models import Device, Page
from bot.commands.asking import (
    REASON,
    approval_follows,
    ask_label,
    described,
    named,
    needs_reason,
    propose,
    reason_of,
    reason_problem,
    require_deciders,
    typed_reason,
)
from bot.commands.command import DATABASE, Answer, Arguments, Command, FormSpec, Parameter, ParameterKind, Values
from bot.commands.context import Context
from bot.commands.normalise import quoted
from bot.commands.offering import may_ask, whom_to_ask
from bot.commands.wording import next_or_page
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.audit import AuditAction
from bot.domain.errors import InvalidInput
from bot.domain.replies import Action, Bullets, Code, CommandButton, Form, Line, Moment, Reply, Small, Strong, line
from bot.domain.requests import OperationKind

PAGE_SIZE, MAX_PAGE_SIZE = 20, 500
FITTING = 60
"""Devices that one message holds, with ids of a hundred characters too."""
LOOKED_AT = 2_000
MOST_AT_ONCE = 25
BEGINNING, SUGGESTED = 6, 3
"""Letters from which the beginning of an id says which one is meant, and how many ids are suggested."""
LONGEST_COMPARED = 80
REMOVE = "devices remove"
TITLE = "Remove devices"


async def list_page(context: Context, arguments: Arguments) -> Answer:
    """`devices list <db>`."""
    asked = arguments.get("page", int) or 1, arguments.get("page_size", int) or PAGE_SIZE
    page, size = _fitting(*asked)
    found = await context.api.list_devices(context.database.id or "", page=page, page_size=size)
    if not found.items:
        return _none(context, asked[0])
    first = (page - 1) * size + 1
    upto = f"{first}–{first + len(found.items) - 1}"
    count = f"{found.total} device{'s' if found.total != 1 else ''}" if found.total is not None else f"Devices {upto}"
    where = f", here {upto}" if found.total is not None and found.total > len(found.items) else ""
    more = "; more follow" if found.total is None and found.more else ""
    turning = _paging(context, found, size)
    return Reply(
        verdict=line(Strong(text=count), f"{where}{more}{',' if where or more else ''} of {described(context)}"),
        parts=(Bullets(items=tuple(_listed(device) for device in found.items)), *_cut_short(asked[1], size)),
        next_step=next_or_page(turning, *_then(context)),
        actions=turning,
    )


def _then(context: Context) -> Line:
    """What whoever looks at the list may have done with it, and where."""
    if may_ask(context, REMOVE):
        typed = Code(text=f"{context.services.slash} {REMOVE} {context.database.id} <site-id>")
        return line("ask to remove one with ", typed, ".")
    return line(f"{whom_to_ask(context, REMOVE)}have one removed.")


def _fitting(page: int, size: int) -> tuple[int, int]:
    """The page that a message holds: a large one's beginning, or where no page begins there, what is around it."""
    if size <= FITTING:
        return page, size
    before = (page - 1) * size
    size = next((fewer for fewer in range(FITTING, PAGE_SIZE - 1, -1) if before % fewer == 0), FITTING)
    return before // size + 1, size


def _cut_short(asked: int, size: int) -> tuple[Small, ...]:
    """That fewer are shown than were asked for."""
    return (Small(line=line(f"One message does not hold {asked}; these pages hold {size}.")),) if size < asked else ()


def _none(context: Context, page: int) -> Reply:
    if page == 1:
        return Reply(
            verdict=line(Strong(text="No devices"), f" are registered with {described(context)}"),
            next_step=line("Next: nothing to do; a device appears once it has synced."),
        )
    return Reply(
        verdict=line(f"Page {page} is past the end of the devices of {described(context)}"),
        next_step=line("Next: go back to the first page."),
        actions=(CommandButton(label="First page", command=f"devices list {context.database.id}", replaces=True),),
    )


def _listed(device: Device) -> Line:
    if device.last_sync_at is None:
        return line(Code(text=device.site_id))
    return line(Code(text=device.site_id), " last synced ", Moment(at=device.last_sync_at))


def _paging(context: Context, found: Page[Device], size: int) -> tuple[Action, ...]:
    base = f"devices list {context.database.id} --page-size {size} --page"
    buttons: list[Action] = []
    if found.page > 1:
        buttons.append(CommandButton(label="Previous", command=f"{base} {found.page - 1}", replaces=True))
    if found.more:
        buttons.append(CommandButton(label="Next", command=f"{base} {found.page + 1}", replaces=True))
    return tuple(buttons)


async def remove(context: Context, arguments: Arguments) -> Answer:
    """`devices remove <db> <site-id>…`: one request for several."""
    site_ids = arguments.names("site_ids")
    if not site_ids:
        raise InvalidInput("Which devices? Give their site ids.", example="devices remove orders-eu site_123")
    if len(site_ids) > MOST_AT_ONCE:
        raise InvalidInput(f"At most {MOST_AT_ONCE} devices in one request; these are {len(site_ids)}.")
    await _require_known(context, site_ids)
    if not needs_reason(arguments):
        return await _propose(context, site_ids, typed_reason(arguments))
    await require_deciders(context)
    noun = "1 device" if len(site_ids) == 1 else f"{len(site_ids)} devices"
    return Form(
        title=TITLE,
        submit=ask_label(context),
        command=f"devices remove {context.database.id} {' '.join(map(quoted, site_ids))}",
        intro=(
            line(f"You ask to remove {noun} from {described(context)}, with their push tokens."),
            line(approval_follows(context)),
        ),
        fields=(REASON,),
    )


async def _require_known(context: Context, site_ids: tuple[str, ...]) -> None:
    """Unknown ones are told, with what they may be a slip of, within a bounded look; beyond it nothing is claimed."""
    found, more = await context.api.iterate_devices(context.database.id or "", limit=LOOKED_AT)
    there = [device.site_id for device in found]
    missing = [site_id for site_id in dict.fromkeys(site_ids) if site_id not in there]
    if missing and not more:
        raise _unknown(missing, there, advice=f"Take {{}} from `devices list {context.database.id}`.")


def _unknown(missing: list[str], there: list[str], *, advice: str) -> InvalidInput:
    """All that are not there at once, each with what it may be a slip of."""
    if len(missing) == 1:
        problem = f"There is no device with the id “{missing[0][:60]}” in this database."
        return InvalidInput(problem, nearest=_slips(missing[0], there), advice=advice.format("the id"))
    return InvalidInput(
        f"{len(missing)} of these devices are not in this database.",
        each=[f"“{typed[:60]}”{_meant(_slips(typed, there))}" for typed in missing],
        advice=advice.format("their ids"),
    )


def _meant(slips: list[str]) -> str:
    """What one of several may be a slip of."""
    return f": did you mean {' or '.join(f'`{one}`' for one in slips)}?" if slips else ": none comes near"


def _slips(typed: str, there: list[str]) -> list[str]:
    """Ids that what was typed begins, or is a letter or two away from. Another id removes another person's device."""
    begun = [site_id for site_id in there if site_id.startswith(typed)] if len(typed) >= BEGINNING else []
    close = get_close_matches(typed[:LONGEST_COMPARED], there, n=SUGGESTED, cutoff=0.85)
    return [*dict.fromkeys([*begun, *close])][:SUGGESTED]


def check(arguments: Arguments, values: Values) -> Mapping[str, str]:
    """A reason."""
    del arguments
    return reason_problem(values)


async def submit(context: Context, arguments: Arguments, values: Values) -> Answer:
    """With the reason."""
    return await _propose(context, arguments.names("site_ids"), reason_of(arguments, values))


async def _propose(context: Context, site_ids: tuple[str, ...], reason: str) -> Answer:
    listed = ", ".join(site_ids[:3]) + (f" and {len(site_ids) - 3} more" if len(site_ids) > 3 else "")
    noun = "device" if len(site_ids) == 1 else "devices"
    return await propose(
        context,
        OperationKind.REMOVE_DEVICES,
        summary=f"remove the {noun} {listed} from {named(context)}",
        operation_class=OperationClass.DESTRUCTIVE,
        gate=Gate.APPROVE,
        action=AuditAction.DEVICES_REMOVE,
        reason=reason,
        items=site_ids,
    )


def commands() -> tuple[Command, ...]:
    """The area's commands."""
    page = Parameter(name="page", kind=ParameterKind.NUMBER, option="--page", summary="which page", minimum=1)
    size = Parameter(
        name="page_size",
        kind=ParameterKind.NUMBER,
        option="--page-size",
        summary="devices a page, at most 500",
        minimum=1,
        maximum=MAX_PAGE_SIZE,
    )
    site_ids = Parameter(name="site_ids", kind=ParameterKind.NAMES, summary="site ids", required=True)
    return (
        Command(
            path=("devices", "list"),
            summary="List a database's devices, page by page.",
            example="devices list orders-eu --page 2",
            operation_class=OperationClass.READ,
            asks=Role.VIEWER,
            gate=Gate.NONE,
            action=AuditAction.DEVICES_LIST,
            handler=list_page,
            endpoint="GET /v1/databases/:databaseID/devices",
            parameters=(DATABASE, page, size),
        ),
        Command(
            path=("devices", "remove"),
            summary="Ask for the removal of devices; another admin approves.",
            example='devices remove orders-eu site_123 --reason "lost phone"',
            operation_class=OperationClass.DESTRUCTIVE,
            asks=Role.OPERATOR,
            gate=Gate.APPROVE,
            action=AuditAction.DEVICES_REMOVE,
            handler=remove,
            endpoint="DELETE /v1/databases/:databaseID/devices/:siteId",
            parameters=(DATABASE, site_ids),
            form=FormSpec(title=TITLE, opens=needs_reason, check=check, submit=submit),
        ),
    )
