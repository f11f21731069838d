"""Forms to modal views and back. Field names are block ids on every redraw: typed values survive only then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.invocation import FormValue
from bot.domain.replies import FieldKind, Form, FormField, Reply
from bot.slack.blocks import OPTIONS, SIGNS, Block, action_blocks, context, cut, part_blocks, section
from bot.slack.spans import escape, mrkdwn

TITLE, SUBMIT, LABEL, HINT, PLACEHOLDER, OPTION = 24, 24, 2_000, 2_000, 150, 75
VIEW_BLOCKS = 100
CALLBACK = "form"
INPUT = "value"
"""The action id of every input."""
LOADING_ID = "loading"


def loading_view(title: str) -> Block:
    """Shown at once, because a trigger lives three seconds; filled by `views.update`."""
    return _view(title, [section("One moment…")], form_id=LOADING_ID)


def form_view(form: Form, form_id: str) -> Block:
    """The form, with what the API said above its fields."""
    blocks: list[Block] = []
    if form.problem:
        blocks.append(section("❌ " + "\n".join(mrkdwn(line) for line in form.problem)))
    blocks += [section("\n".join(mrkdwn(line) for line in form.intro))] if form.intro else []
    blocks += [block for field in form.fields for block in _drawn(field)]
    return _view(form.title, blocks[:VIEW_BLOCKS], form_id=form_id, submit=form.submit)


def waiting_view(form: Form, form_id: str) -> Block:
    """The same inputs under the same ids, with a word on what is going on. A second submission sends nothing."""
    blocks = [section(f"⏳ *Working on it.* {form.waits or 'This takes a moment.'}")]
    blocks += [block for field in form.fields for block in _drawn(field)]
    return _view(form.title, blocks[:VIEW_BLOCKS], form_id=form_id, submit=form.submit)


def reply_view(reply: Reply, title: str, *, form_id: str = "") -> Block:
    """An answer in a form's place. Native tables are not allowed in modals. Closing it tells nobody."""
    words = mrkdwn(reply.verdict)
    verdict = f"{SIGNS[reply.mood]}{words}" if "*" in words else f"{SIGNS[reply.mood]}*{words.strip()}*"
    blocks = [section(verdict)]
    for part in reply.parts:
        blocks += part_blocks(part, native=False)
    if reply.next_step:
        blocks.append(section(mrkdwn(reply.next_step)))
    blocks += action_blocks(reply.actions)
    if reply.reference:
        blocks.append(context(f"Reference {reply.reference}"))
    view = _view(title, blocks[:VIEW_BLOCKS], form_id=form_id or LOADING_ID)
    return {**view, "notify_on_close": False}


def _view(title: str, blocks: list[Block], *, form_id: str, submit: str = "") -> Block:
    view: Block = {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": form_id,
        "title": {"type": "plain_text", "text": cut(title, TITLE)},
        "close": {"type": "plain_text", "text": "Close"},
        "notify_on_close": form_id != LOADING_ID,
        "blocks": blocks,
    }
    if submit:
        view["submit"] = {"type": "plain_text", "text": cut(submit, SUBMIT)}
    return view


def _drawn(field: FormField) -> list[Block]:
    if field.on_demand:
        return []
    return [_input(field), *([section(f"❌ {escape(field.problem)}")] if field.problem else [])]


def _input(field: FormField) -> Block:
    block: Block = {
        "type": "input",
        "block_id": field.name,
        "label": {"type": "plain_text", "text": cut(field.label, LABEL)},
        "element": _element(field),
        "optional": not field.required,
    }
    if field.hint:
        block["hint"] = {"type": "plain_text", "text": cut(field.hint, HINT)}
    return block


def _element(field: FormField) -> Block:
    drawn = _DRAWN[field.kind](field)
    if field.placeholder and field.kind in (FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.SECRET):
        drawn["placeholder"] = {"type": "plain_text", "text": cut(field.placeholder, PLACEHOLDER)}
    return {**drawn, "action_id": INPUT}


def _text(field: FormField) -> Block:
    element: Block = {"type": "plain_text_input", "multiline": field.kind is FieldKind.LONG_TEXT}
    if isinstance(field.value, str) and field.kind is not FieldKind.SECRET and field.value:
        element["initial_value"] = field.value[:3_000]
    if field.max_length:
        element["max_length"] = min(field.max_length, 3_000)
    return element


def _option(value: str, label: str) -> Block:
    return {"text": {"type": "plain_text", "text": cut(label, OPTION)}, "value": value[:150]}


def _choice(field: FormField) -> Block:
    options = [_option(value, label) for value, label in field.options[:OPTIONS]]
    element: Block = {"type": "static_select", "options": options}
    chosen = [option for option in options if option["value"] == field.value]
    return {**element, "initial_option": chosen[0]} if chosen else element


def _suggested(field: FormField) -> Block:
    element: Block = {"type": "external_select", "min_query_length": 0}
    if isinstance(field.value, str) and field.value:
        element["initial_option"] = _option(field.value, field.value)
    return element


def _several(field: FormField) -> Block:
    values = field.value if isinstance(field.value, tuple | list) else ()
    chosen = [_option(value, label) for value, label in field.options if value in values]
    element: Block = (
        {"type": "multi_static_select", "options": [_option(value, label) for value, label in field.options]}
        if len(field.options) <= OPTIONS
        else {"type": "multi_external_select", "min_query_length": 0}
    )
    return {**element, "initial_options": chosen[:OPTIONS]} if chosen else element


def _tick(field: FormField) -> Block:
    option = _option("yes", field.label)
    element: Block = {"type": "checkboxes", "options": [option]}
    return {**element, "initial_options": [option]} if field.value is True else element


def _person(field: FormField) -> Block:
    return {"type": "users_select", **({"initial_user": field.value} if field.value else {})}


def _channel(field: FormField) -> Block:
    element: Block = {
        "type": "conversations_select",
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    return {**element, "initial_conversation": field.value} if field.value else element


def _day(field: FormField) -> Block:
    return {"type": "datepicker", **({"initial_date": field.value} if field.value else {})}


_DRAWN = {
    FieldKind.TEXT: _text,
    FieldKind.LONG_TEXT: _text,
    FieldKind.SECRET: _text,
    FieldKind.CHOICE: _choice,
    FieldKind.SUGGESTED: _suggested,
    FieldKind.SEVERAL: _several,
    FieldKind.TICK: _tick,
    FieldKind.PERSON: _person,
    FieldKind.CHANNEL: _channel,
    FieldKind.DAY: _day,
}


def values_of(state: Mapping[str, Any]) -> dict[str, FormValue]:
    """`view.state.values` by field name."""
    return {name: _value(next(iter(actions.values()))) for name, actions in state.items() if actions}


def _value(action: Mapping[str, Any]) -> FormValue:
    kind = action.get("type")
    if kind == "checkboxes":
        return bool(action.get("selected_options"))
    if kind in ("multi_static_select", "multi_external_select"):
        return tuple(str(option["value"]) for option in action.get("selected_options") or ())
    if kind in ("static_select", "external_select", "radio_buttons"):
        chosen = action.get("selected_option")
        return str(chosen["value"]) if chosen else None
    for name in ("value", "selected_user", "selected_conversation", "selected_channel", "selected_date"):
        if action.get(name) is not None:
            return str(action[name])
    return None
