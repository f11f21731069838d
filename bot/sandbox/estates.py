"""The sandbox's stand-in Management API: a production and a staging estate, and what the page shows of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from bot.sandbox.api.estate import Estate
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.api.seed import believable_estate
from bot.sandbox.api.server import StandInApi, serve_api
from bot.sandbox.slack.directory import Json

PRODUCTION_KEY = "sandbox-key-of-production"
STAGING_KEY = "sandbox-key-of-staging"
STAGING_DATABASES = 3
VERIFICATION_SECONDS = 2.0
"""Long enough that a registration is seen to take its time."""

FAULTS = {
    FaultKind.HANG: "Make the next call hang",
    FaultKind.SERVER_ERROR_AFTER_EFFECT: "Let the next call work, and answer 500",
    FaultKind.RESET: "Reset the next connection",
}
"""What the page can arm, each for one call."""


class Estates:
    """The running API as the sandbox's page sees it."""

    def __init__(self, api: StandInApi, estates: dict[str, Estate]) -> None:
        self._api = api
        self._estates = estates

    @property
    def url(self) -> str:
        """What the bot takes as its base URL."""
        return self._api.url

    async def state(self) -> Json:
        """The address, how much there is, and what can be armed."""
        counts = ", ".join(f"{name}: {len(estate.databases)} databases" for name, estate in self._estates.items())
        faults = [{"name": kind.value, "label": label} for kind, label in FAULTS.items()]
        return {"url": self.url, "lines": [counts, f"{len(self._api.journal)} calls received"], "faults": faults}

    async def arm(self, fault: str) -> None:
        """Let the next call meet this fault, whatever it asks for."""
        self._api.faults.arm(FaultKind(fault))


@asynccontextmanager
async def serve_estates() -> AsyncIterator[Estates]:
    """Both estates behind one address; the key decides which one is meant."""
    now = datetime.now(UTC)
    production = believable_estate(now)
    staging = believable_estate(now, name="Acme Staging", slug="acme-staging")
    production.verification_seconds = staging.verification_seconds = VERIFICATION_SECONDS
    staging.databases = dict(list(staging.databases.items())[:STAGING_DATABASES])
    async with serve_api({PRODUCTION_KEY: production, STAGING_KEY: staging}) as api:
        yield Estates(api, {"Production": production, "Staging": staging})
