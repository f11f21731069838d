"""A person at the screen: types commands, presses buttons, fills in forms, and sees what is visible to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from bot.sandbox.slack import payloads
from bot.sandbox.slack.answers import after_command, after_press, after_submission
from bot.sandbox.slack.choices import Suggestions, chosen_state, offered_options
from bot.sandbox.slack.composer import compose
from bot.sandbox.slack.deliver import Delivery, Kind, Manner
from bot.sandbox.slack.directory import Channel, Json, Member
from bot.sandbox.slack.errors import CannotDoError
from bot.sandbox.slack.forms import missing_or_wrong, values_for
from bot.sandbox.slack.messages import Message, Values
from bot.sandbox.slack.reading import Control, controls_of, find_control, text_of
from bot.sandbox.slack.views import View
from bot.sandbox.slack.workspace import Workspace

Found = TypeVar("Found")
ON_TIME = Manner()


def pressed(control: Control) -> Json:
    """What an entry of `actions` repeats of a button."""
    repeated = {"text", "value", "style", "url"}
    return {name: value for name, value in control.element.items() if name in repeated}


class Person:
    """Everything that one member can do in a Slack client. What a client would not allow raises CannotDoError."""

    def __init__(self, workspace: Workspace, member: Member) -> None:
        self.workspace = workspace
        self.member = member

    @property
    def id(self) -> str:
        """The member's id."""
        return self.member.id

    # What is on screen

    @property
    def modal(self) -> View | None:
        """The modal in front."""
        return self.workspace.views.top(self.id)

    @property
    def home(self) -> View | None:
        """The App Home, once the app published one."""
        return self.workspace.views.homes.get(self.id)

    def see(self, channel: str = "dm") -> list[Message]:
        """The messages that this person has on screen, newest last; `dm` is the direct message with the bot."""
        place = self.place(channel)
        return [m for m in self.workspace.messages if m.channel == place.id and m.visible_for(self.id)]

    def read(self, surface: Message | View) -> str:
        """The plain text, with names for ids."""
        names = {m.id: f"@{m.name}" for m in self.workspace.members.values()}
        names |= {c.id: f"#{c.name}" for c in self.workspace.channels.values() if c.name}
        names |= {g.id: f"@{g.handle}" for g in self.workspace.groups.values()}
        return text_of(surface, names)

    def place(self, channel: str) -> Channel:
        """The channel by name, provided that this person is in it."""
        if channel == "dm":
            return self.workspace.direct_channel(self.id)
        place = self.workspace.channel(channel)
        if self.id not in place.members:
            raise CannotDoError(f"{self.member.name} is not in {channel}")
        return place

    async def wait_for(self, predicate: Callable[[], Found], timeout: float = 60.0) -> Found:
        """What the predicate returns, once that is true; asked again at each change of the workspace."""
        return await self.workspace.wait_for(predicate, timeout)

    # Typing

    async def command(self, channel: str, text: str, *, manner: Manner = ON_TIME) -> Delivery:
        """Send a slash command, such as `/cloudsync databases list`."""
        place = self.place(channel)
        command, _, rest = text.partition(" ")
        link = self.workspace.response_urls.issue(channel_id=place.id, person_id=self.id)
        payload = payloads.slash_command(
            self.workspace,
            self.member,
            place,
            command=command,
            text=compose(self.workspace, rest.strip(), escapes=self.workspace.escapes_slash_text),
            trigger_id=self._trigger(),
            response_url=self._hook("commands", link.token),
        )
        delivery = await self._deliver(Kind.COMMAND, payload, manner)
        after_command(self.workspace, self.member, place, command, delivery)
        return delivery

    async def mention(
        self, channel: str, text: str, *, thread_ts: str | None = None, manner: Manner = ON_TIME
    ) -> Delivery:
        """Say something to the bot in a channel that it is in."""
        place, bot = self.place(channel), self.workspace.app.bot_user_id
        if bot not in place.members:
            raise CannotDoError(f"the bot is not in {channel}")
        typed = compose(self.workspace, text, named=False)
        said = typed if f"<@{bot}>" in typed else f"<@{bot}> {typed}"
        message = self.workspace.post(place.id, author=self.id, text=said, thread_ts=thread_ts)
        return await self._event(payloads.message_event(self.workspace, message, "app_mention"), manner)

    async def direct_message(self, text: str, *, manner: Manner = ON_TIME) -> Delivery:
        """Write to the bot."""
        place = self.workspace.direct_channel(self.id)
        message = self.workspace.post(place.id, author=self.id, text=compose(self.workspace, text, named=False))
        return await self._event(payloads.message_event(self.workspace, message, "message"), manner)

    def say(self, channel: str, text: str) -> Message:
        """Write to the other people: the bot hears nothing of it."""
        return self.workspace.post(
            self.place(channel).id, author=self.id, text=compose(self.workspace, text, named=False)
        )

    async def open_home(self, *, manner: Manner = ON_TIME) -> Delivery:
        """Open the app's Home tab."""
        return await self._event(payloads.home_opened(self.workspace, self.member, self.home), manner)

    async def shortcut(self, callback_id: str, *, manner: Manner = ON_TIME) -> Delivery:
        """Use a global shortcut."""
        payload = payloads.shortcut(self.workspace, self.member, callback_id, trigger_id=self._trigger())
        return await self._deliver(Kind.INTERACTION, payload, manner)

    async def invite_bot(self, channel: str, *, manner: Manner = ON_TIME) -> Delivery:
        """Bring the bot into a channel."""
        place, bot = self.place(channel), self.workspace.members[self.workspace.app.bot_user_id]
        place.members.add(bot.id)
        return await self._event(payloads.joined_channel(self.workspace, place, bot, inviter=self.member), manner)

    # Pressing and choosing

    async def click(
        self, surface: Message | View, action: str, option: str | None = None, *, nth: int = 0, manner: Manner = ON_TIME
    ) -> Delivery:
        """Press a button, or choose in an overflow menu, by label or action_id; a confirmation dialog is accepted."""
        self.must_see(surface)
        control = find_control(surface, action, nth=nth)
        if control.kind == "button":
            return await self.act(surface, control, pressed(control), manner=manner)
        if option is None:
            raise CannotDoError(f"{action!r} is a menu: say which option")
        delivery = await self._choose(surface, control, option, manner)
        assert delivery is not None, "a menu outside a form always delivers"
        return delivery

    async def choose(
        self, menu: str, option: Any, *, surface: Message | View | None = None, manner: Manner = ON_TIME
    ) -> Delivery | None:
        """Choose in a menu of the modal in front, else of the newest message with such a menu. None: a form field."""
        shown = surface or self._surface_with(menu)
        self.must_see(shown)
        return await self._choose(shown, find_control(shown, menu), option, manner)

    async def suggestions(
        self, select: str, typed: str, *, surface: Message | View | None = None, manner: Manner = ON_TIME
    ) -> Suggestions:
        """What a select offers while this is typed into it."""
        shown = surface or self._surface_with(select)
        control = find_control(shown, select)
        return await self.suggest(shown, control, typed, manner=manner)

    async def fill(self, modal: View, values: Mapping[str, Any]) -> list[Delivery]:
        """Type and choose in a form, by field label; what this delivered, for fields that tell the app at once."""
        self.must_see(modal)
        delivered = [await self._choose(modal, find_control(modal, name), v, ON_TIME) for name, v in values.items()]
        return [delivery for delivery in delivered if delivery is not None]

    async def submit(self, modal: View, *, manner: Manner = ON_TIME) -> Delivery:
        """Press a modal's submit button. Required fields left empty keep it from being sent."""
        self.must_see(modal)
        modal.errors = missing_or_wrong(modal.blocks, modal.values)
        if modal.errors:
            self.workspace.changed()
            raise CannotDoError("; ".join(modal.errors.values()))
        payload = payloads.view_submission(self.workspace, self.member, modal, trigger_id=self._trigger())
        delivery = await self._deliver(Kind.INTERACTION, payload, manner)
        after_submission(self.workspace, modal, delivery)
        return delivery

    async def close(self, modal: View, *, manner: Manner = ON_TIME) -> Delivery | None:
        """Close a modal; the app hears of it only where it asked to."""
        self.must_see(modal)
        is_cleared = bool(modal.payload.get("clear_on_close"))
        if is_cleared:
            self.workspace.views.clear(self.id)
        else:
            self.workspace.views.close(modal)
        self.workspace.changed()
        if not modal.payload.get("notify_on_close"):
            return None
        payload = payloads.view_closed(self.workspace, self.member, modal, is_cleared=is_cleared)
        return await self._deliver(Kind.INTERACTION, payload, manner)

    # Underneath

    def must_see(self, surface: Message | View) -> None:
        """Raise CannotDoError unless this is on the person's screen."""
        if isinstance(surface, View):
            if surface.owner != self.id or not surface.is_open:
                raise CannotDoError(f"{self.member.name} does not have this view open")
            return
        self.place(surface.channel)
        if not surface.visible_for(self.id):
            raise CannotDoError(f"{self.member.name} does not see this message")

    def _surface_with(self, name: str) -> Message | View:
        shown: list[Message | View] = [self.modal] if self.modal else []
        mine = [m for m in reversed(self.workspace.messages) if m.visible_for(self.id)]
        shown += [m for m in mine if self.id in self.workspace.channels[m.channel].members]
        for surface in shown:
            for control in controls_of(surface):
                if name in control.labels or name == control.element["action_id"]:
                    return surface
        raise CannotDoError(f"nothing on screen has {name!r}")

    async def _choose(self, surface: Message | View, control: Control, given: Any, manner: Manner) -> Delivery | None:
        element = control.element
        offered = offered_options(element)
        if element["type"].endswith("external_select") and given is not None:
            wanted = given if isinstance(given, list) else [given]
            found = [await self.suggest(surface, control, str(label), manner=manner) for label in wanted]
            offered = [option for suggestions in found for option in suggestions.options]
        state = chosen_state(self.workspace, element, given, offered)
        if control.kind != "overflow":
            self._values(surface)[control.block["block_id"]][element["action_id"]] = state
        self.workspace.changed()
        if control.block["type"] == "input" and not control.block.get("dispatch_action"):
            return None
        return await self.act(surface, control, state, manner=manner)

    async def suggest(
        self, surface: Message | View, control: Control, typed: str, *, manner: Manner = ON_TIME
    ) -> Suggestions:
        """Ask the app for the options of an external select."""
        payload = payloads.block_suggestion(
            self.workspace,
            self.member,
            surface,
            typed=typed,
            block_id=control.block["block_id"],
            action_id=control.element["action_id"],
        )
        return Suggestions(delivery=await self._deliver(Kind.INTERACTION, payload, manner))

    def _values(self, surface: Message | View) -> Values:
        if isinstance(surface, View):
            return surface.values
        surface.values[self.id] = values_for(surface.blocks, surface.values.get(self.id))
        return surface.values[self.id]

    async def act(
        self, surface: Message | View, control: Control, given: Json, *, manner: Manner = ON_TIME
    ) -> Delivery:
        """Tell the app of a press or a choice, in the shape of `actions`."""
        response_url = None
        if isinstance(surface, Message):
            link = self.workspace.response_urls.issue(
                channel_id=surface.channel, person_id=self.id, message_ts=surface.ts
            )
            response_url = self._hook("actions", link.token)
        action = given | {
            "type": control.kind,
            "action_id": control.element["action_id"],
            "block_id": control.block["block_id"],
            "action_ts": self.workspace.identifiers.message_ts(),
        }
        payload = payloads.block_actions(
            self.workspace,
            self.member,
            surface,
            action=action,
            values=self._values(surface),
            trigger_id=self._trigger(),
            response_url=response_url,
        )
        delivery = await self._deliver(Kind.INTERACTION, payload, manner)
        after_press(self.workspace, self.member, surface, delivery)
        return delivery

    def _trigger(self) -> str:
        return self.workspace.triggers.issue(self.id, self.workspace.team.id)

    def _hook(self, kind: str, token: str) -> str:
        return f"{self.workspace.base_url}/{kind}/{self.workspace.team.id}/{token}"

    async def _event(self, payload: Json, manner: Manner) -> Delivery:
        return await self._deliver(Kind.EVENT, payload, manner)

    async def _deliver(self, kind: Kind, payload: Json, manner: Manner) -> Delivery:
        return await self.workspace.must_have_courier().deliver(kind, payload, manner)
