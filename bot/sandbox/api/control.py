"""`/control/…`: how other processes see and bend the stand-in. JSON both ways; no secret is shown.

| call | body | what it does |
|---|---|---|
| GET state | | organisations, databases, switches, armed faults |
| GET journal, DELETE journal | | the calls so far; forget them |
| POST faults, DELETE faults | `kind` and the parameters of `Faults.arm` | arm one; disarm all |
| POST switches | names and choices | set them |
| PATCH organisations/:slug | `status` or `name` | change it |
| PATCH databases/:id | see `changes` | change it |
| POST databases/:id/devices | `count` | add so many |
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.api import changes, shown
from bot.sandbox.api.estate import Database
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.api.stand_in import StandInApi

Body = dict[str, Any]


class Control:
    """The control surface of one stand-in."""

    def __init__(self, stand_in: StandInApi) -> None:
        self._stand_in = stand_in

    def routes(self) -> list[Route]:
        """All routes, below `/control`."""
        return [
            Route("/state", self.state),
            Route("/journal", self.journal, methods=["GET"]),
            Route("/journal", self.forget, methods=["DELETE"]),
            Route("/faults", _changing(self.arm), methods=["POST"]),
            Route("/faults", self.disarm, methods=["DELETE"]),
            Route("/switches", _changing(self.switch), methods=["POST"]),
            Route("/organisations/{slug}", _changing(self.change_organisation), methods=["PATCH"]),
            Route("/databases/{id}", _changing(self.change_database), methods=["PATCH"]),
            Route("/databases/{id}/devices", _changing(self.add_devices), methods=["POST"]),
        ]

    async def state(self, _: Request) -> Response:
        """Everything that can be bent, as it is."""
        return JSONResponse({"data": shown.state(self._stand_in)})

    async def journal(self, _: Request) -> Response:
        """The calls so far, oldest first."""
        return JSONResponse({"data": [shown.call(call) for call in self._stand_in.journal]})

    async def forget(self, _: Request) -> Response:
        """Empty the journal."""
        self._stand_in.journal.clear()
        return JSONResponse({"data": []})

    async def arm(self, _: Request, body: Body) -> object:
        """Arm a fault."""
        self._stand_in.faults.arm(FaultKind(body.pop("kind")), **body)
        return shown.faults(self._stand_in)

    async def disarm(self, _: Request) -> Response:
        """Disarm all faults."""
        self._stand_in.faults.clear()
        return JSONResponse({"data": []})

    async def switch(self, _: Request, body: Body) -> object:
        """Set switches; all of those named, or none."""
        switches = self._stand_in.switches
        for name, choice in body.items():
            switches = switches.with_choice(name, choice)
        self._stand_in.switches = switches
        return switches.chosen()

    async def change_organisation(self, request: Request, body: Body) -> object:
        """Suspend an organisation, for one."""
        slug = request.path_params["slug"]
        found = [one.organisation for one in self._stand_in.estates.values() if one.organisation.slug == slug]
        if not found:
            raise HTTPException(404, "no such organisation")
        changes.change_organisation(found[0], **body)
        return shown.organisation(found[0])

    async def change_database(self, request: Request, body: Body) -> object:
        """Make a database healthy, for one."""
        database = self._database(request)
        changes.change_database(database, now=self._stand_in.clock(), **body)
        return shown.database(database)

    async def add_devices(self, request: Request, body: Body) -> object:
        """Let more devices register."""
        database = self._database(request)
        changes.add_devices(database, now=self._stand_in.clock(), **body)
        return shown.database(database)

    def _database(self, request: Request) -> Database:
        wanted = request.path_params["id"]
        for estate in self._stand_in.estates.values():
            if wanted in estate.databases:
                return estate.databases[wanted]
        raise HTTPException(404, "no such database")


def _changing(
    change: Callable[[Request, Body], Awaitable[object]],
) -> Callable[[Request], Awaitable[Response]]:
    """Read the body, and answer 422 where it does not fit."""

    async def endpoint(request: Request) -> Response:
        try:
            body = json.loads(await request.body())
            return JSONResponse({"data": await change(request, dict(body))})
        except (KeyError, TypeError, ValueError, AttributeError, re.error) as unfit:
            raise HTTPException(422, f"not understood: {unfit}") from unfit

    return endpoint
