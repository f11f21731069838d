"""Replies as plain text, for tests of what people read."""

from __future__ import annotations

from bot.domain.replies import Bullets, Facts, Line, Paragraph, Reply, Small, Span


def span_text(span: Span) -> str:
    """One span as it reads."""
    return span if isinstance(span, str) else str(getattr(span, "text", None) or f"@{getattr(span, 'id', '')}")


def line_text(line: Line) -> str:
    """One line as it reads."""
    return "".join(span_text(span) for span in line)


def part_lines(reply: Reply) -> list[str]:
    """Every line of the parts."""
    lines: list[str] = []
    for part in reply.parts:
        if isinstance(part, Paragraph):
            lines += [line_text(one) for one in part.lines]
        elif isinstance(part, Bullets):
            lines += [line_text(one) for one in part.items]
        elif isinstance(part, Facts):
            lines += [f"{name}: {line_text(value)}" for name, value in part.pairs]
        elif isinstance(part, Small):
            lines.append(line_text(part.line))
    return lines


def reply_text(reply: Reply) -> str:
    """The whole reply, verdict first and next step last."""
    return "\n".join([line_text(reply.verdict), *part_lines(reply), line_text(reply.next_step)])
