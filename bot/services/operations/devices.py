"""Removing devices, one call each, in one request that ends per device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.models import SendClass, SendOutcome
from bot.cloudsync.writing import WriteSlot
from bot.domain.ends import end_of_items
from bot.domain.requests import ItemResult, Observation, Operation, OperationKind, Request, RequestState, Result
from bot.services.operations.observing import STATE_OF, all_in_words, identity_of, result_of, whereabouts, with_items
from bot.services.operations.operation import Finding, Proof, Receipt, Sent

LOOKED_AT = 20_000
"""Devices that are looked through, at most, before a person is asked."""
BADNESS = (
    SendClass.SUCCEEDED,
    SendClass.ALREADY_ABSENT,
    SendClass.NOT_SENT,
    SendClass.REJECTED,
    SendClass.UNKNOWN,
)


class RemoveDevices:
    """`DELETE …/devices/:siteId` for each site id. A device that came or went is no difference."""

    kind = OperationKind.REMOVE_DEVICES

    async def observe(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """The database; devices are shown and not compared, since they come and go by themselves."""
        database = await api.get_database(operation.database_id or "")
        facts = (*whereabouts(database), ("Devices", all_in_words(operation.items)))
        return Observation(identity=identity_of(database), facts=facts)

    async def identify(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """The database."""
        return Observation(identity=identity_of(await api.get_database(operation.database_id or "")))

    async def send(self, slot: WriteSlot, operation: Operation, secrets: Mapping[str, str]) -> Sent:
        """One after the other, each once, rights and target read again before each further one.

        After an unknown end, or once they no longer hold, the rest is not sent.
        """
        del secrets
        outcomes: list[tuple[str, SendOutcome]] = []
        why = ""
        for site_id in operation.items:
            why = await slot.read_again() if outcomes else ""
            if why:
                break
            outcome = await slot.remove_device(operation.database_id or "", site_id)
            outcomes.append((site_id, outcome))
            if STATE_OF[outcome.send_class] in (RequestState.UNKNOWN, RequestState.NOT_SENT):
                break
        return together(operation.items, outcomes, why)

    async def find(self, api: CloudSyncClient, request: Request) -> Finding:
        """Absent means removed; present may mean that it synced again, which nobody but a person can tell."""
        found, more = await api.iterate_devices(request.operation.database_id or "", limit=LOOKED_AT)
        there = {device.site_id for device in found}
        before = request.result.items or tuple(
            ItemResult(item=site_id, state=RequestState.UNKNOWN) for site_id in request.operation.items
        )
        present = [item.item for item in before if item.state is RequestState.UNKNOWN and item.item in there]
        if more and not present:
            return Finding(proof=Proof.UNDECIDABLE, readings=(f"The list goes on after {LOOKED_AT} devices.",))
        items = tuple(
            replace(item, state=RequestState.SUCCEEDED)
            if item.state is RequestState.UNKNOWN and item.item not in there and not more
            else item
            for item in before
        )
        if present:
            words = f"Still or again in the list: {all_in_words(present)}."
            return Finding(proof=Proof.UNDECIDABLE, readings=(words,), items=items)
        words = "None of those whose end was unknown is in the list any more."
        return Finding(proof=Proof.APPLIED, readings=(words,), items=items)

    async def receipt(self, api: CloudSyncClient, request: Request) -> Receipt:
        """Nothing more is read: a device may sync again at any moment."""
        del api, request
        return Receipt()


def together(asked: tuple[str, ...], outcomes: list[tuple[str, SendOutcome]], why: str = "") -> Sent:
    """One end for the request out of many calls; `why` the rest of them was not made."""
    ended = {
        site_id: ItemResult(item=site_id, state=STATE_OF[outcome.send_class], note=", ".join(outcome.codes))
        for site_id, outcome in outcomes
    }
    items = tuple(
        ended.get(site_id) or ItemResult(item=site_id, state=RequestState.NOT_SENT, note=why) for site_id in asked
    )
    return Sent(state=end_of_items(items), result=with_items(_merged(outcomes), OperationKind.REMOVE_DEVICES, items))


def _merged(outcomes: list[tuple[str, SendOutcome]]) -> Result:
    """Everything that the API said over all calls, each thing once, under the status of the call that went worst."""
    results = [result_of(outcome) for _, outcome in outcomes]
    worst = max((outcome for _, outcome in outcomes), key=lambda outcome: BADNESS.index(outcome.send_class))
    return replace(
        result_of(worst),
        codes=tuple(dict.fromkeys(code for result in results for code in result.codes)),
        messages=tuple(dict.fromkeys(message for result in results for message in result.messages)),
        warnings=tuple(dict.fromkeys(warning for result in results for warning in result.warnings)),
        duration_ms=sum(outcome.duration_ms for _, outcome in outcomes),
    )
