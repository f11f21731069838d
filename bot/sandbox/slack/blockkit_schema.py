"""Small checks that combine into Block Kit's rules: one yields a sentence for each thing that Slack would refuse."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

Check = Callable[[Any, str], Iterator[str]]
"""Given a value and its JSON pointer, the refusals, worded as Slack words them."""


def refusal(sentence: str, pointer: str) -> str:
    """One line as it stands in `response_metadata.messages`, without its `[ERROR]`."""
    return f"{sentence} [json-pointer:{pointer}]"


def string(maximum: int | None = None, *, minimum: int = 1) -> Check:
    """Text between two lengths, in characters."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield refusal("must be a string", pointer)
        elif len(value) < minimum:
            yield refusal(f"must be more than {minimum - 1} characters", pointer)
        elif maximum is not None and len(value) > maximum:
            yield refusal(f"must be less than {maximum + 1} characters", pointer)

    return check


def boolean(value: Any, pointer: str) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield refusal("must be a boolean", pointer)


def number(minimum: float = -math.inf, maximum: float = math.inf) -> Check:
    """A finite number between two bounds, both included."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield refusal("must be a number", pointer)
        elif not minimum <= value <= maximum:
            yield refusal(f"must be between {minimum} and {maximum}", pointer)

    return check


def integer(minimum: float = -math.inf, maximum: float = math.inf) -> Check:
    """A whole number between two bounds, both included."""
    within = number(minimum, maximum)

    def check(value: Any, pointer: str) -> Iterator[str]:
        if isinstance(value, float):
            yield refusal("must be an integer", pointer)
        else:
            yield from within(value, pointer)

    return check


def among(*choices: str) -> Check:
    """One word of a vocabulary."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if value not in choices:
            yield refusal(f"value must be one of: {', '.join(choices)}", pointer)

    return check


def anything(value: Any, pointer: str) -> Iterator[str]:
    """What is not looked into."""
    yield from ()


def items(each: Check, *, minimum: int = 1, maximum: int) -> Check:
    """A list of between `minimum` and `maximum` entries."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield refusal("must be an array", pointer)
            return
        if len(value) > maximum:
            yield refusal(f"no more than {maximum} items allowed", pointer)
        if len(value) < minimum:
            yield refusal(f"no fewer than {minimum} items allowed", pointer)
        for index, entry in enumerate(value):
            yield from each(entry, f"{pointer}/{index}")

    return check


def record(
    required: Mapping[str, Check],
    optional: Mapping[str, Check] | None = None,
    *,
    exactly_one_of: Collection[str] = (),
    at_least_one_of: Collection[str] = (),
) -> Check:
    """An object with these fields and no others."""
    known = {**required, **(optional or {})}

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield refusal("must be an object", pointer)
            return
        for name in required:
            if name not in value:
                yield refusal(f"missing required field: {name}", pointer)
        yield from _groups(value, pointer)
        for name, entry in value.items():
            if name not in known:
                yield refusal(f"invalid additional property: {name}", pointer)
            else:
                yield from known[name](entry, f"{pointer}/{name}")

    def _groups(value: Mapping[str, Any], pointer: str) -> Iterator[str]:
        if exactly_one_of and sum(name in value for name in exactly_one_of) != 1:
            yield refusal(f"exactly one of these is required: {', '.join(exactly_one_of)}", pointer)
        if at_least_one_of and not any(name in value for name in at_least_one_of):
            yield refusal(f"at least one of these is required: {', '.join(at_least_one_of)}", pointer)

    return check


def typed(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` decides what else it must be."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        rule = kinds.get(kind) if isinstance(kind, str) else None
        if rule is None:
            yield refusal(f"unsupported type: {kind}", f"{pointer}/type")
        else:
            yield from rule(value, pointer)

    return check


def both(first: Check, second: Check) -> Check:
    """Two rules for one value; the second is asked only where the first finds nothing wrong."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        found = list(first(value, pointer))
        yield from found or second(value, pointer)

    return check
