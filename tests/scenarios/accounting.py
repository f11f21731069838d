"""The whole accounting at a scenario's end: what Slack delivered, the inbox took, the trail tells, and people saw.

What Slack delivered is the stand-in's own record, so that a click that is acknowledged and forgotten is seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bot.domain.audit import AuditKind, AuditRecord
from bot.sandbox.slack.blockkit import Surface, problems_in_blocks
from bot.sandbox.slack.deliver import Delivery, Kind, signature
from bot.sandbox.slack.workspace import Workspace
from bot.slack.blocks import Rendered
from bot.slack.payloads import delivery_key
from tests.bots import World
from tests.second_opinion import objections_to_message, objections_to_view
from tests.totals import TOTALS

OUR_OWN = frozenset({AuditKind.SYSTEM, AuditKind.ANCHOR})
SECRETS = ("hunter2", "s3cr3t-token", "very-secret-jwt")
HEARD = frozenset({"app_mention", "message", "app_home_opened"})
ABOUT_BLOCKS = ("invalid", "no_text", "msg_too_long", "view_too_large")


async def account_for(world: World, *, planted_up_to: int = 0) -> None:
    """Each delivery has its story and each story its delivery; the chain holds; all blocks and views are valid."""
    rows = [row for row in await world.trail() if row.seq > planted_up_to and row.story not in world.planted]
    taken = await world.program.database.read(lambda unit: unit.inbox.all_keys())
    _compare(_delivered(world.workspace), set(taken), rows)
    finding = await world.program.database.read(lambda unit: unit.audit.verify())
    assert finding.seq is None, finding
    _judge(world.workspace)
    for value in SECRETS:
        assert value not in repr(rows), "a secret stands in the trail"
    TOTALS["scenarios"] += 1


def _compare(delivered: set[str], taken: set[str], rows: list[AuditRecord]) -> None:
    assert delivered - taken == set(), "a delivery was acknowledged and is not in the inbox"
    assert taken - delivered == set(), "the inbox has what Slack did not deliver"
    told = {row.delivery for row in rows if row.delivery}
    assert taken - told == set(), "a delivery left no story"
    assert told - taken == set(), "a story names a delivery that never came"
    ours = {row.story for row in rows if row.kind not in OUR_OWN}
    begun = {row.story for row in rows if row.delivery in taken}
    assert ours - begun == set(), "a story has no delivery"
    TOTALS.update(delivered=len(delivered), taken=len(taken), told=len(told), stories=len(ours))


def _delivered(workspace: Workspace) -> set[str]:
    """The inbox keys of all that was delivered and is to be recorded."""
    bodies: dict[str, str] = {}
    for delivery in workspace.deliveries:
        reason = _left_out(workspace, delivery)
        if reason is not None:
            TOTALS[f"left out: {reason}"] += 1
            continue
        body = json.dumps(delivery.payload, sort_keys=True)
        key = delivery_key(delivery.payload)
        assert bodies.setdefault(key, body) == body, "two deliveries go by one key"
    return set(bodies)


def _left_out(workspace: Workspace, delivery: Delivery) -> str | None:
    """Why a delivery is not to be recorded; None where it is."""
    payload = delivery.payload
    if not _is_signed(workspace, delivery):
        assert delivery.status == 401, "what nobody vouches for was taken"
        return "forged, answered 401"
    if payload.get("type") == "block_suggestion":
        return "type-ahead, which is answered and not recorded"
    if delivery.kind is Kind.EVENT and payload["event"]["type"] not in HEARD:
        return "an event that asks for nothing"
    if str((payload.get("actions") or [{}])[0].get("action_id", "")).startswith("link:"):
        return "a link's button, which leads elsewhere"
    if payload.get("type") == "view_closed" and payload["view"]["private_metadata"] in ("", "loading"):
        return "a view closed that has no fields"
    return None


def _is_signed(workspace: Workspace, delivery: Delivery) -> bool:
    timestamp = delivery.headers.get("X-Slack-Request-Timestamp", "")
    wanted = signature(workspace.app.signing_secret, timestamp, delivery.body)
    return delivery.headers.get("X-Slack-Signature") == wanted


def _judge(workspace: Workspace) -> None:
    """Slack takes all blocks and views of ours, and so does somebody else's implementation."""
    refused = [call for call in workspace.calls if not call.outage and _is_about_blocks(call.answer.get("error"))]
    assert refused == [], "Slack took blocks of ours for invalid"
    assert workspace.troubles == [], "Slack did not take an acknowledgement"
    shown = [*_messages(workspace), *_views(workspace)]
    wrong = [(one, objections) for one, objections in shown if objections]
    assert wrong == [], "slackblocks takes them for invalid"
    TOTALS["messages and views"] += len(shown)


def _is_about_blocks(error: Any) -> bool:
    return str(error or "").startswith(ABOUT_BLOCKS)


def _messages(workspace: Workspace) -> Iterator[tuple[Any, list[str]]]:
    """Messages by the Web API, through response URLs and in acknowledgements."""
    said = [*(call.arguments for call in workspace.calls), *(one.json() for one in workspace.deliveries)]
    for one in said:
        blocks = one.get("blocks")
        if blocks:
            given = json.loads(blocks) if isinstance(blocks, str) else blocks
            yield given, objections_to_message(str(one.get("text") or ""), given)


def _views(workspace: Workspace) -> Iterator[tuple[Any, list[str]]]:
    """Modals and homes by the Web API and in acknowledgements."""
    for one in [*(call.arguments for call in workspace.calls), *(one.json() for one in workspace.deliveries)]:
        view = one.get("view")
        if view:
            given = json.loads(view) if isinstance(view, str) else view
            yield given, objections_to_view(given)


def judge_fallback(drawn: Rendered) -> None:
    """The plain form, which goes out only where Slack refuses the other, is valid too."""
    assert problems_in_blocks(drawn.plain_blocks, Surface.MESSAGE) == []
    assert objections_to_message(drawn.text, drawn.plain_blocks) == []
    TOTALS["plain forms"] += 1
