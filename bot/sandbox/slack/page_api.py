"""What the page asks for: the workspace as one person sees it, live, and the person's acts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Protocol

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.sandbox.slack.composer import compose
from bot.sandbox.slack.directory import Json
from bot.sandbox.slack.errors import CannotDoError
from bot.sandbox.slack.messages import Message, Values
from bot.sandbox.slack.page_state import state_for
from bot.sandbox.slack.person import Person
from bot.sandbox.slack.reading import Control, controls_of
from bot.sandbox.slack.views import View
from bot.sandbox.slack.workspace import Workspace

PAGE = Path(__file__).parent / "page"


class ApiPanel(Protocol):
    """What the page's panel shows of the stand-in Management API, and what it can do to it."""

    async def state(self) -> Json:
        """`url`, `lines` to show, and `faults` to arm: each with `name` and `label`."""

    async def arm(self, fault: str) -> None:
        """Let the next call meet this fault."""


class PageApi:
    """Request handlers for the page."""

    def __init__(self, workspace: Workspace, panel: ApiPanel | None) -> None:
        self.workspace = workspace
        self.panel = panel
        self._acts: dict[str, Callable[[Person, Json], Awaitable[Json]]] = {
            "send": self._send,
            "press": self._press,
            "suggest": self._suggest,
            "submit": self._submit,
            "close": self._close,
            "home": self._home,
        }

    def routes(self) -> list[Route | Mount]:
        """The page and what it calls."""
        return [
            Route("/", self.index),
            Route("/page/state", self.state),
            Route("/page/events", self.events),
            Route("/page/act/{act}", self.act, methods=["POST"]),
            Route("/page/panel", self.panel_state),
            Route("/page/panel/{fault}", self.panel_arm, methods=["POST"]),
            Mount("/page/static", StaticFiles(directory=PAGE)),
        ]

    async def index(self, _: Request) -> Response:
        """The page itself: everything it loads comes from here."""
        policy = "default-src 'self'; img-src 'self' data: http: https:; style-src 'self'; frame-ancestors 'none'"
        headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
        return FileResponse(PAGE / "index.html", headers=headers)

    async def state(self, request: Request) -> Response:
        """All that one person sees."""
        person = self._person(request.query_params.get("person", ""))
        return JSONResponse(state_for(person), headers={"Cache-Control": "no-store"})

    async def events(self, request: Request) -> Response:
        """A server-sent event for each change."""
        return StreamingResponse(self._changes(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def _changes(self) -> AsyncIterator[str]:
        version = -1
        while True:
            version = await self.workspace.news(after=version)
            yield f"data: {version}\n\n"

    async def act(self, request: Request) -> Response:
        """Something that the person does. JSON only: another site's page cannot send that without being asked."""
        if request.headers.get("content-type") != "application/json":
            return JSONResponse({"error": "send JSON"}, status_code=415)
        given = await request.json()
        handler = self._acts.get(request.path_params["act"])
        if handler is None:
            return JSONResponse({"error": "unknown act"}, status_code=404)
        try:
            return JSONResponse(await handler(self._person(given["person"]), given))
        except CannotDoError as refusal:
            return JSONResponse({"error": str(refusal)})

    async def panel_state(self, _: Request) -> Response:
        """The stand-in API's panel; null where there is none."""
        return JSONResponse(await self.panel.state() if self.panel else None)

    async def panel_arm(self, request: Request) -> Response:
        """Arm one of the panel's faults."""
        if self.panel is None:
            return JSONResponse({"error": "no stand-in API"}, status_code=404)
        await self.panel.arm(request.path_params["fault"])
        return JSONResponse({})

    def _person(self, name: str) -> Person:
        people = [member for member in self.workspace.members.values() if not member.is_bot]
        known = {member.name for member in people}
        return self.workspace.person(name if name in known else people[0].name)

    async def _send(self, person: Person, given: Json) -> Json:
        channel, text = given["channel"], given["text"].strip()
        place, app = person.place(channel), self.workspace.app
        if text.startswith("/"):
            if text.split()[0] != app.command:
                said = f"{text.split()[0]} is not a valid command. Try {app.command} help."
                self.workspace.say_as_slackbot(place.id, person.id, said)
            else:
                await person.command(channel, text)
        elif place.is_direct:
            await person.direct_message(text)
        elif f"<@{app.bot_user_id}>" in compose(self.workspace, text, named=False):
            await person.mention(channel, text)
        else:
            person.say(channel, text)
        return {}

    async def _press(self, person: Person, given: Json) -> Json:
        surface, control = self._control(person, given)
        if isinstance(surface, View):
            take_values(surface, given.get("values", {}))
        elif control.kind not in {"overflow", "button"}:
            chosen = surface.values.setdefault(person.id, {}).setdefault(control.block["block_id"], {})
            chosen[control.element["action_id"]] = given["state"]
        await person.act(surface, control, given["state"])
        return {}

    async def _suggest(self, person: Person, given: Json) -> Json:
        surface, control = self._control(person, given)
        return {"options": (await person.suggest(surface, control, given["typed"])).options}

    async def _submit(self, person: Person, given: Json) -> Json:
        view = self._view(person, given["view_id"])
        take_values(view, given["values"])
        await person.submit(view)
        return {}

    async def _close(self, person: Person, given: Json) -> Json:
        await person.close(self._view(person, given["view_id"]))
        return {}

    async def _home(self, person: Person, _: Json) -> Json:
        await person.open_home()
        return {}

    def _control(self, person: Person, given: Json) -> tuple[Message | View, Control]:
        surface = self._surface(person, given)
        for control in controls_of(surface):
            place = (control.block["block_id"], control.element["action_id"])
            if place == (given["block_id"], given["action_id"]):
                return surface, control
        raise CannotDoError("This is no longer there.")

    def _surface(self, person: Person, given: Json) -> Message | View:
        if "view_id" in given:
            return self._view(person, given["view_id"])
        for message in person.see(given["channel"]):
            if message.ts == given["ts"]:
                return message
        raise CannotDoError("This message is no longer there.")

    def _view(self, person: Person, view_id: str) -> View:
        view = self.workspace.views.by_id.get(view_id)
        if view is None:
            raise CannotDoError("This form is no longer open.")
        person.must_see(view)
        return view


def take_values(view: View, values: Values) -> None:
    """What was typed on the page, as far as the view still has these fields."""
    for block_id, states in values.items():
        for action_id, state in states.items():
            if action_id in view.values.get(block_id, {}):
                view.values[block_id][action_id] = state
