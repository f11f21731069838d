"""How each command is carried through to its success. The registry says which there are and what else they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.commands.areas.devices import PAGE_SIZE
from bot.commands.catalogue import all_commands
from bot.commands.command import Command
from bot.domain.access import Gate, Role
from bot.sandbox.api.switches import Fields, Switches
from tests.bots import World

COMMANDS = {command.name: command for command in all_commands()}
SOMEBODY = {Role.NONE: "cleo", Role.VIEWER: "cleo", Role.OPERATOR: "alan", Role.ADMIN: "ada"}
"""Somebody in #prod with exactly this role."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """What is typed (`{request}`: the id of an open request), what is filled in, and what the answer says."""

    said: str
    text: str = ""
    """The command's own example where nothing is given."""
    form: Mapping[str, Any] = field(default_factory=dict)
    who: str = ""
    """Where the role alone is not enough."""


DELETION = {"Type the label to confirm": "orders-us"}
REGISTRATION = {
    "Label": "billing-eu",
    "Provider": "postgres",
    "Flavor": "vanilla",
    "Database name": "billing",
    "Connection string": "postgresql://owner:hunter2@billing.db.example:5432/billing",
}
WAYS = {
    "help": Way(said="databases"),
    "whoami": Way(said="You have the role viewer here"),
    "explain": Way(said="may not"),
    "home": Way(said="You may work in 3 channels"),
    "org": Way(said="Acme Corp is active"),
    "databases list": Way(said="3 databases that fit “orders”"),
    "databases show": Way(said="orders-eu is a postgres"),
    "databases check": Way(said="orders-eu answers"),
    "tables list": Way(said="3 of 5 tables sync"),
    "notifications status": Way(said="orders-eu sends push notifications"),
    "notifications token show": Way(said="An Expo access token is set for orders-eu"),
    "devices list": Way(said="12 devices", text="devices list orders-eu"),
    "approvals list": Way(said="1 request is open"),
    "approvals show": Way(said="asks to", text="approvals show {request}"),
    "approvals cancel": Way(said="Cancelled", text="approvals cancel {request}", who="alan"),
    "approvals rehearse": Way(said="Rehearsed an approval"),
    "audit list": Way(said="Nothing in the trail fits"),
    "audit show": Way(said="explain databases delete", text="audit show 5"),
    "audit search": Way(said="row", form={"Person": "cleo"}),
    "audit summary": Way(said="reads"),
    "audit export": Way(said="Rows exported"),
    "roles list": Way(said="3 channels are bound"),
    "roles bind": Way(said="Bound #random as viewer", text="roles bind #random viewer"),
    "roles unbind": Way(said="Unbound #random", text="roles unbind #random"),
    "roles grant": Way(said="is now operator", text="roles grant @cleo operator --channel #staging"),
    "roles revoke": Way(said="Took the role", text="roles revoke @cleo --channel #staging"),
    # A fresh install is what it opens (test_first_run); here it leads to those who must agree.
    "roles setup": Way(said="a second admin must agree", form={"Channel": "#random"}),
    "databases register": Way(said="Registered the database “billing-eu”", form=REGISTRATION),
    "databases update": Way(said="Renamed", form={"Label": "orders-europe"}),
    "tables enable": Way(said="Enabled CloudSync", text="tables enable orders-us invoices"),
    "tables disable": Way(said="Disabled CloudSync", text='tables disable orders-us orders --reason "x"'),
    "notifications token set": Way(
        said="Set the Expo access token",
        text="notifications token set kiosk",
        form={"Expo access token": "s3cr3t-token"},
    ),
    "notifications token delete": Way(
        said="Deleted the Expo access token", text="notifications token delete orders-us", form={"Reason": "leaked"}
    ),
    "devices remove": Way(said="Removed the device", text='devices remove customers site_00001 --reason "lost"'),
    "databases delete": Way(said="Deleted the database", text='databases delete orders-us --reason "x"', form=DELETION),
}
"""In an order in which each finds what it needs."""
CALLING = [name for name in WAYS if COMMANDS[name].endpoint]
"""Those that call the API."""


def as_far_as_told(verdict: str, under: Switches) -> str:
    """A verdict without what the API leaves out."""
    if under.fields is Fields.FEW and " is a " in verdict:
        return verdict.partition(" is a ")[0] + " is a "
    count, is_count, here = verdict.partition(" devices")
    if not under.meta.tells_total and is_count and count.isdigit():
        return f"Devices {here.removeprefix(', here ') or f'1–{min(int(count), PAGE_SIZE)}'}"
    return verdict


async def carried_through(world: World, name: str, request: str = "") -> str:
    """From the typed command to its end, whatever gate stands between; the answer, or the card."""
    command, way = COMMANDS[name], WAYS[name]
    who = way.who or SOMEBODY[command.asks]
    answer = await world.says(who, "#prod", (way.text or command.example).format(request=request))
    if way.form:
        answer = await world.fills(who, way.form)
    answer = await _past_the_gate(world, command, who) or answer
    await close_form(world, who)
    return answer


async def _past_the_gate(world: World, command: Command, who: str) -> str:
    if command.gate is Gate.CONFIRM:
        return await world.presses(who, "#prod", "Confirm")
    if command.gate is Gate.APPROVE:
        await world.presses("grace", "#prod", "Approve")
        return world.card()
    return ""


async def close_form(world: World, who: str) -> None:
    """Put away the form in front, if there is one: the answer to what is typed next would stand behind it."""
    person = world.person(who)
    if person.modal is not None:
        await person.close(person.modal)
        await world.settle()
