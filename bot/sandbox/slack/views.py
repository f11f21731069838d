"""Modals and App Homes: one stack of modals and one home for each person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack.blockkit import Surface, name_what_is_anonymous, problems_in_view
from bot.sandbox.slack.directory import App, Json, Team
from bot.sandbox.slack.errors import SlackError, refused_blocks
from bot.sandbox.slack.forms import values_for
from bot.sandbox.slack.identifiers import Identifiers
from bot.sandbox.slack.messages import Values

STACK_LIMIT = 3
VIEW_BYTES = 250_000


@dataclass(kw_only=True)
class View:
    """A modal or an App Home as one person sees it."""

    id: str
    surface: Surface
    owner: str
    payload: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    values: Values = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    trouble: str | None = None
    is_open: bool = True
    history: list[Json] = field(default_factory=list)

    @property
    def blocks(self) -> list[Json]:
        """The blocks, each with its ids."""
        return list(self.payload["blocks"])

    @property
    def title(self) -> str:
        """The line at the top of a modal; empty for a home."""
        return str(self.payload.get("title", {}).get("text", ""))

    def to_json(self, team: Team, app: App) -> Json:
        """As deliveries and answers carry it."""
        empty: dict[str, Any] = {
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "title": None,
            "close": None,
            "submit": None,
            "clear_on_close": False,
            "notify_on_close": False,
        }
        return (
            empty
            | self.payload
            | {
                "id": self.id,
                "team_id": team.id,
                "state": {"values": self.values},
                "hash": self.hash,
                "previous_view_id": self.previous_id,
                "root_view_id": self.root_id,
                "app_id": app.id,
                "app_installed_team_id": team.id,
                "bot_id": app.bot_id,
            }
        )


@dataclass(kw_only=True)
class Views:
    """All views ever shown, by id, and what is on each person's screen."""

    identifiers: Identifiers
    by_id: dict[str, View] = field(default_factory=dict)
    stacks: dict[str, list[View]] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)

    def top(self, person_id: str) -> View | None:
        """The modal in front of this person."""
        stack = self.stacks.get(person_id)
        return stack[-1] if stack else None

    def open(self, person_id: str, payload: Any) -> View:
        """Show a modal, in place of whatever stood there."""
        view = self._new(person_id, payload, Surface.MODAL)
        self.clear(person_id)
        self.stacks[person_id] = [view]
        return view

    def push(self, person_id: str, payload: Any) -> View:
        """Show a modal on top of the one that stands there: three at most."""
        stack = self.stacks.get(person_id)
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= STACK_LIMIT:
            raise SlackError("push_limit_reached")
        view = self._new(person_id, payload, Surface.MODAL)
        view.root_id, view.previous_id = stack[0].id, stack[-1].id
        stack.append(view)
        return view

    def update(self, view: View, payload: Any, *, expected_hash: str | None = None) -> View:
        """Replace what the view shows. Typed values stay where block_id and action_id stay."""
        if not view.is_open:
            raise SlackError("not_found")
        checked = self._checked(payload, view.surface)
        if expected_hash and expected_hash != view.hash:
            raise SlackError("hash_conflict")
        view.history.append(view.payload)
        view.payload, view.hash = checked, self.identifiers.view_hash()
        view.values = values_for(view.blocks, view.values)
        view.errors, view.trouble = {}, None
        return view

    def publish(self, person_id: str, payload: Any, *, expected_hash: str | None = None) -> View:
        """Show a person's App Home."""
        home = self.homes.get(person_id)
        if home is not None:
            return self.update(home, payload, expected_hash=expected_hash)
        self.homes[person_id] = self._new(person_id, payload, Surface.HOME)
        return self.homes[person_id]

    def find(self, view_id: str, external_id: str = "") -> View:
        """The open view with this id; `not_found` once it is closed."""
        for view in self.by_id.values():
            wanted = view.id == view_id if view_id else view.payload.get("external_id") == external_id
            if wanted and view.is_open:
                return view
        raise SlackError("not_found")

    def close(self, view: View) -> None:
        """Take one modal off its stack; what lies under it shows again."""
        view.is_open = False
        stack = self.stacks.get(view.owner, [])
        if view in stack:
            stack.remove(view)

    def clear(self, person_id: str) -> None:
        """Close all modals of a person."""
        for view in self.stacks.pop(person_id, []):
            view.is_open = False

    def _new(self, person_id: str, payload: Any, surface: Surface) -> View:
        checked = self._checked(payload, surface)
        self._refuse_second_external_id(checked)
        view_id = self.identifiers.new("V")
        view = View(
            id=view_id,
            surface=surface,
            owner=person_id,
            payload=checked,
            hash=self.identifiers.view_hash(),
            root_id=view_id,
            values=values_for(checked["blocks"]),
        )
        self.by_id[view_id] = view
        return view

    def _refuse_second_external_id(self, payload: Json) -> None:
        wanted = payload.get("external_id")
        if wanted and any(view.is_open and view.payload.get("external_id") == wanted for view in self.by_id.values()):
            raise SlackError("duplicate_external_id")

    def _checked(self, payload: Any, surface: Surface) -> Json:
        problems = problems_in_view(payload, surface)
        if problems:
            raise refused_blocks("invalid_arguments", problems)
        if len(str(payload)) > VIEW_BYTES:
            raise SlackError("view_too_large")
        blocks = name_what_is_anonymous(payload["blocks"], self.identifiers.short)
        return {**payload, "blocks": blocks}
