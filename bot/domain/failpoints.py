"""Named places where the fault suite stops, pauses or breaks a running bot. Inert unless armed at start.

`FAILPOINTS` takes `name=action` or `name=action@pass`, comma-separated: `after_claim=crash,in_outbox=exception@2`. A
point acts once, at the given pass. Only a bot whose Slack is on loopback may be armed (`bot.config`).
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Failpoint(StrEnum):
    """Every place that can fail on purpose, in the order in which a request passes them."""

    AFTER_INBOX = "after_inbox"
    """A delivery is recorded and not yet acknowledged."""
    AFTER_REQUEST = "after_request"
    """A request is committed and nobody was told."""
    AFTER_DECISION = "after_decision"
    """A vote is committed and the send not begun."""
    BEFORE_CLAIM = "before_claim"
    """Rights and target were read again."""
    AFTER_CLAIM = "after_claim"
    """Claim and intent are committed and nothing is sent."""
    BEFORE_CONNECT = "before_connect"
    """The call is about to be made."""
    AFTER_HEADERS = "after_headers"
    """The call's head has left."""
    AFTER_RESPONSE = "after_response"
    """The answer has been read."""
    BEFORE_OUTCOME = "before_outcome"
    """The outcome is written and not committed."""
    AFTER_OUTCOME = "after_outcome"
    """The outcome is committed and nobody was told."""
    IN_RECONCILE = "in_reconcile"
    """An unknown end was read about and not settled."""
    IN_OUTBOX = "in_outbox"
    """Slack took a message and that is not recorded."""
    IN_ANCHOR = "in_anchor"
    """Slack took an anchor and that is not recorded."""
    IN_MIGRATION = "in_migration"
    """The schema was altered and that is not committed."""


class FailpointReached(Exception):
    """What the action `exception` raises: nothing in the bot knows it, as with any defect."""


@dataclass(kw_only=True)
class _Armed:
    action: str
    passes_left: int


_armed: dict[Failpoint, _Armed] = {}


def _crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _pause() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _exception() -> None:
    raise FailpointReached


ACTIONS: Mapping[str, Callable[[], None]] = {"crash": _crash, "pause": _pause, "exception": _exception}


def parse(text: str) -> dict[Failpoint, tuple[str, int]]:
    """The points that a setting names, with action and pass; ValueError where one is not understood."""
    found = {}
    for word in filter(None, (part.strip() for part in text.split(","))):
        name, _, rest = word.partition("=")
        action, _, at = rest.partition("@")
        if action not in ACTIONS:
            raise ValueError("takes name=crash, name=pause or name=exception")
        found[Failpoint(name)] = (action, int(at or 1))
    return found


def arm(text: str) -> None:
    """Arm what the setting names, and nothing else."""
    _armed.clear()
    for point, (action, at) in parse(text).items():
        _armed[point] = _Armed(action=action, passes_left=at)


def reach(point: Failpoint) -> None:
    """Called where the point lies. Costs one look into an empty dict unless something is armed."""
    armed = _armed.get(point)
    if armed is None:
        return
    armed.passes_left -= 1
    if armed.passes_left == 0:
        del _armed[point]
        ACTIONS[armed.action]()
