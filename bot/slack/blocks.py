"""Replies to Block Kit (docs.slack.dev, Block Kit reference). The limits are kept here; nothing is lost silently."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.replies import (
    Action,
    Bullets,
    Chart,
    CommandButton,
    CommandMenu,
    Facts,
    LinkButton,
    Mood,
    Paragraph,
    Part,
    Question,
    Reply,
    Small,
    Style,
    Table,
)
from bot.slack.spans import mrkdwn

Block = dict[str, Any]

SECTION = 3_000
BUTTON_TEXT, BUTTON_VALUE = 75, 2_000
ACTIONS_A_BLOCK, OPTIONS = 25, 100
MESSAGE_BLOCKS = 50
CHART_LABEL = 20
CHARTS = 2
"""Native ones a message; further charts are tables."""
MESSAGE_CHARACTERS = 12_000
"""Slack takes about 13,000 in all; some room is left for what it counts besides."""
TEXT = 3_000
TABLE_ROWS, TABLE_COLUMNS, TABLE_CHARACTERS = 100, 20, 9_500
CUT = " …"

SIGNS = {
    Mood.PLAIN: "",
    Mood.GOOD: "✅ ",
    Mood.WAITING: "⏳ ",
    Mood.WARNING: "⚠️ ",
    Mood.BAD: "❌ ",
    Mood.REFUSED: "⛔ ",
}


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A message: `text` is complete by itself, `plain_blocks` go out when Slack refuses `blocks`."""

    text: str
    blocks: list[Block]
    plain_blocks: list[Block]


def render(reply: Reply) -> Rendered:
    """Verdict first, next action last, buttons before it, reference in small print under all."""
    return Rendered(
        text=text_of(reply),
        blocks=_blocks(reply, native=True),
        plain_blocks=_blocks(reply, native=False),
    )


def _blocks(reply: Reply, *, native: bool) -> list[Block]:
    head = [section(_verdict(reply))]
    tail = [*action_blocks(reply.actions)]
    if reply.next_step:
        tail.insert(0, section(mrkdwn(reply.next_step)))
    if reply.reference:
        tail.append(context(f"Reference {reply.reference}"))
    room = MESSAGE_CHARACTERS - sum(_size(block) for block in (*head, *tail))
    return [*head, *_middle(reply.parts, room, MESSAGE_BLOCKS - len(head) - len(tail) - 1, native=native), *tail]


def _verdict(reply: Reply) -> str:
    words = mrkdwn(reply.verdict)
    return f"{SIGNS[reply.mood]}{words}" if "*" in words else f"{SIGNS[reply.mood]}*{words.strip()}*"


def _middle(parts: Sequence[Part], room: int, most: int, *, native: bool) -> list[Block]:
    """The parts in order, as far as there is room; what is left out is said."""
    kept: list[Block] = []
    charts = [number for number, part in enumerate(parts) if isinstance(part, Chart)][CHARTS:]
    drawn = [
        block
        for number, part in enumerate(parts)
        for block in part_blocks(part, native=native and number not in charts)
    ]
    for index, block in enumerate(drawn):
        room -= _size(block)
        if room < 200 or len(kept) >= most:
            left = len(drawn) - index
            kept.append(context(f"{left} more part{'s' if left > 1 else ''} of this answer did not fit."))
            break
        kept.append(block)
    return kept


def part_blocks(part: Part, *, native: bool = True) -> list[Block]:
    """One part as blocks."""
    if isinstance(part, Paragraph):
        return sections([mrkdwn(line) for line in part.lines])
    if isinstance(part, Bullets):
        return sections([f"• {mrkdwn(line)}" for line in part.items], longest=SECTION)
    if isinstance(part, Facts):
        return sections([f"*{name}:* {mrkdwn(line)}" for name, line in part.pairs], longest=SECTION)
    if isinstance(part, Small):
        return [context(mrkdwn(part.line))]
    if isinstance(part, Chart):
        return (
            [_chart(part), *_table(_figures(part), native=native)] if native else _table(_figures(part), native=False)
        )
    return _table(part, native=native)


def section(text: str) -> Block:
    """One section, cut to its limit."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut(text, SECTION) or " "}}


def context(text: str) -> Block:
    """Small print."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": cut(text, SECTION) or " "}]}


def sections(lines: Iterable[str], *, longest: int = 1_000) -> list[Block]:
    """Lines in as few sections as hold them."""
    blocks: list[Block] = []
    held = ""
    for line in lines:
        line = cut(line, longest)
        if held and len(held) + len(line) + 1 > SECTION:
            blocks.append(section(held))
            held = ""
        held = f"{held}\n{line}" if held else line
    return [*blocks, section(held)] if held else blocks


def cut(text: str, limit: int) -> str:
    """The text within a limit, never in the middle of an escape or a mention."""
    if len(text) <= limit:
        return text
    kept = text[: limit - len(CUT)]
    for opening, closing in (("&", ";"), ("<", ">")):
        last = kept.rfind(opening)
        if last >= 0 and closing not in kept[last:] and len(kept) - last < 100:
            kept = kept[:last]
    return kept + CUT


def _size(block: Block) -> int:
    """Characters of text in a block, all the way down."""
    total = 0
    for value in block.values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                total += _size(item)
            elif isinstance(item, str):
                total += len(item)
            elif isinstance(item, list):
                total += sum(_size(cell) if isinstance(cell, dict) else len(str(cell)) for cell in item)
    return total


def action_blocks(actions: Sequence[Action]) -> list[Block]:
    """Buttons and menus, as many to a block as Slack takes."""
    elements = [_element(action, index) for index, action in enumerate(actions)]
    return [
        {"type": "actions", "elements": elements[start : start + ACTIONS_A_BLOCK]}
        for start in range(0, len(elements), ACTIONS_A_BLOCK)
    ]


def _element(action: Action, index: int) -> Block:
    if isinstance(action, CommandMenu):
        return _menu(action, index)
    label = {"type": "plain_text", "text": cut(action.label, BUTTON_TEXT), "emoji": True}
    if isinstance(action, LinkButton):
        return {"type": "button", "action_id": f"link:{index}", "text": label, "url": action.url}
    if isinstance(action, CommandButton):
        kind = "replace" if action.replaces else "command"
        value = action.command[:BUTTON_VALUE]
        return _styled({"type": "button", "action_id": f"{kind}:{index}", "text": label, "value": value}, action.style)
    element = {
        "type": "button",
        "action_id": f"request:{action.step}:{index}",
        "text": label,
        "value": action.request_id,
    }
    if action.question is not None:
        element["confirm"] = _question(action.question)
    return _styled(element, action.style)


def _styled(element: Block, style: Style) -> Block:
    return element if style is Style.PLAIN else {**element, "style": style.value}


def _question(question: Question) -> Block:
    def text(words: str, limit: int) -> Block:
        return {"type": "plain_text", "text": cut(words, limit)}

    drawn: Block = {
        "title": text(question.title, 100),
        "text": text(question.text, 300),
        "confirm": text(question.confirm, 30),
        "deny": text(question.deny, 30),
    }
    return _styled(drawn, question.style)


def _menu(menu: CommandMenu, index: int) -> Block:
    fitting = [(label, value) for label, value in menu.options if len(value) <= 150]
    options = [
        {"text": {"type": "plain_text", "text": cut(label, BUTTON_TEXT)}, "value": value}
        for label, value in fitting[:OPTIONS]
    ]
    return {
        "type": "static_select",
        "action_id": f"menu:{index}",
        "placeholder": {"type": "plain_text", "text": cut(menu.label, 150)},
        "options": options or [{"text": {"type": "plain_text", "text": "Help"}, "value": "help"}],
    }


def _table(table: Table, *, native: bool) -> list[Block]:
    """A native table where it fits, else a list that reads well on a phone."""
    fits = (
        len(table.headings) <= TABLE_COLUMNS and sum(len(cell) for row in table.rows for cell in row) < TABLE_CHARACTERS
    )
    if native and fits and table.rows:
        rows = [table.headings, *table.rows[:TABLE_ROWS]]
        cells = [[{"type": "raw_text", "text": cell or "–"} for cell in row] for row in rows]
        return [{"type": "data_table", "caption": table.caption, "rows": cells}]
    return sections([f"*{mrkdwn((table.caption,))}*", *_rows_of(table)])


def _rows_of(table: Table) -> list[str]:
    """Rows that can be read without the headings above them: `Ada · Reads 5 · Changes 2`."""
    named = [[f"{name} {cell}" for name, cell in zip(table.headings[1:], row[1:], strict=False)] for row in table.rows]
    return [mrkdwn((" · ".join((row[0], *cells)),)) for row, cells in zip(table.rows, named, strict=True)]


def _figures(chart: Chart) -> Table:
    rows = tuple(
        (category, *(str(values[index]) for _, values in chart.series))
        for index, category in enumerate(chart.categories)
    )
    return Table(caption=chart.caption, headings=("", *(name for name, _ in chart.series)), rows=rows)


def _chart(chart: Chart) -> Block:
    categories = [cut(label, CHART_LABEL) for label in chart.categories[:20]]
    series = [
        {
            "name": cut(name, CHART_LABEL),
            "data": [{"label": label, "value": value} for label, value in zip(categories, values, strict=False)],
        }
        for name, values in chart.series[:6]
    ]
    return {
        "type": "data_visualization",
        "title": cut(chart.caption, 50),
        "chart": {"type": "bar", "series": series, "axis_config": {"categories": categories}},
    }


def text_of(reply: Reply) -> str:
    """The whole message as text: for notifications, screen readers, and clients without blocks."""
    lines: list[str] = [SIGNS[reply.mood] + mrkdwn(reply.verdict)]
    for part in reply.parts:
        lines += _lines_of(part)
    if reply.next_step:
        lines.append(mrkdwn(reply.next_step))
    if reply.reference:
        lines.append(f"Reference {reply.reference}")
    return cut("\n".join(lines), TEXT)


def _lines_of(part: Part) -> list[str]:
    if isinstance(part, Paragraph):
        return [mrkdwn(line) for line in part.lines]
    if isinstance(part, Bullets):
        return [f"• {mrkdwn(line)}" for line in part.items]
    if isinstance(part, Facts):
        return [f"{name}: {mrkdwn(line)}" for name, line in part.pairs]
    if isinstance(part, Small):
        return [mrkdwn(part.line)]
    table = _figures(part) if isinstance(part, Chart) else part
    return [mrkdwn((table.caption,)), *_rows_of(table)]
