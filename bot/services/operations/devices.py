"""Removing devices, one call each, in one request that ends per device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.cloudsync.client import CloudSyncClient, WriteSlot
from bot.cloudsync.models import SendOutcome
from bot.domain.requests import ItemResult, Observation, Operation, OperationKind, Request, RequestState, Result
from bot.services.operations.observing import STATE_OF, identity_of, names_in_words, result_of, whereabouts
from bot.services.operations.operation import Finding, Proof, Receipt, Sent

LOOKED_AT = 5_000
GONE = frozenset({RequestState.SUCCEEDED, RequestState.ALREADY_ABSENT})


class RemoveDevices:
    """`DELETE …/devices/:siteId` for each site id. A device that came or went is no difference."""

    kind = OperationKind.REMOVE_DEVICES

    async def observe(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """The database; devices are shown and not compared, since they come and go by themselves."""
        database = await api.get_database(operation.database_id or "")
        facts = (*whereabouts(database), ("Devices", names_in_words(list(operation.items))))
        return Observation(identity=identity_of(database), facts=facts)

    async def send(self, slot: WriteSlot, operation: Operation, secrets: Mapping[str, str]) -> Sent:
        """One after the other, each once; after an unknown end the rest is not sent."""
        del secrets
        outcomes: list[tuple[str, SendOutcome]] = []
        for site_id in operation.items:
            outcome = await slot.remove_device(operation.database_id or "", site_id)
            outcomes.append((site_id, outcome))
            if STATE_OF[outcome.send_class] in (RequestState.UNKNOWN, RequestState.NOT_SENT):
                break
        return together(operation.items, outcomes)

    async def find(self, api: CloudSyncClient, request: Request) -> Finding:
        """Absent means removed; present may mean that it synced again, which nobody but a person can tell."""
        database_id = request.operation.database_id or ""
        found, more = await api.iterate_devices(database_id, limit=LOOKED_AT)
        there = {device.site_id for device in found}
        sent_items = [item.item for item in request.result.items if item.state is not RequestState.NOT_SENT]
        asked = sent_items or list(request.operation.items)
        present = [site_id for site_id in asked if site_id in there]
        items = tuple(
            replace(item, state=RequestState.SUCCEEDED)
            if item.state is RequestState.UNKNOWN and item.item not in there
            else item
            for item in request.result.items
        )
        if present or more:
            words = f"Still or again in the list: {names_in_words(present)}." if present else "The list is too long."
            return Finding(proof=Proof.UNDECIDABLE, readings=(words,), items=items)
        return Finding(proof=Proof.APPLIED, readings=("None of them is in the list any more.",), items=items)

    async def receipt(self, api: CloudSyncClient, request: Request) -> Receipt:
        """Nothing more is read: a device may sync again at any moment."""
        del api, request
        return Receipt()


def together(asked: tuple[str, ...], outcomes: list[tuple[str, SendOutcome]]) -> Sent:
    """One end for the request out of many calls."""
    ended = {site_id: STATE_OF[outcome.send_class] for site_id, outcome in outcomes}
    items = tuple(
        ItemResult(
            item=site_id,
            state=ended.get(site_id, RequestState.NOT_SENT),
            note=", ".join(next((o.codes for s, o in outcomes if s == site_id), ())),
        )
        for site_id in asked
    )
    last = outcomes[-1][1]
    result = replace(result_of(last, items=items), duration_ms=sum(o.duration_ms for _, o in outcomes))
    return Sent(state=_overall(items), result=_warned(result, items))


def _overall(items: tuple[ItemResult, ...]) -> RequestState:
    states = {item.state for item in items}
    if RequestState.UNKNOWN in states:
        return RequestState.UNKNOWN
    if states == {RequestState.ALREADY_ABSENT}:
        return RequestState.ALREADY_ABSENT
    if states & GONE:
        return RequestState.SUCCEEDED
    return RequestState.REJECTED if RequestState.REJECTED in states else RequestState.NOT_SENT


def _warned(result: Result, items: tuple[ItemResult, ...]) -> Result:
    """Where some went through and some did not, the success says so."""
    failed = [item.item for item in items if item.state in (RequestState.REJECTED, RequestState.NOT_SENT)]
    if not failed or len(failed) == len(items):
        return result
    return replace(result, warnings=(*result.warnings, f"Not removed: {names_in_words(failed)}."))
