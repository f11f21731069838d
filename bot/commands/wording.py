"""Small turns of our own sentences. Never for text that somebody else wrote."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.replies import Action, Code, Line, Paragraph, Part, Span, line


def lower_first(sentence: str) -> str:
    """To go on with a sentence after a colon; names and acronyms keep their capitals."""
    follows = sentence[1:2]
    return sentence[:1].lower() + sentence[1:] if follows.islower() or follows == " " else sentence


def with_code(sentence: str) -> Line:
    """What stands between backticks becomes text to copy."""
    spans: list[Span] = []
    for number, piece in enumerate(sentence.split("`")):
        if piece:
            spans.append(Code(text=piece) if number % 2 else piece)
    return tuple(spans)


def next_or_page(turning: Sequence[Action], *what: Span) -> Line:
    """What to do next; above buttons that turn the page, of which one is named **Next**, without that word."""
    return line("Turn the page, or " if turning else "Next: ", *what)


def past_the_end(asked: int, pages: int) -> tuple[Part, ...]:
    """Says that a later page was asked for than there is, where the last one is shown instead."""
    if asked <= pages:
        return ()
    there = "There is 1 page." if pages == 1 else f"There are {pages:,} pages; this is the last."
    return (Paragraph(lines=(line(there),)),)
