"""How the stand-in refuses: the app (as Slack's Web API does) and the person at the screen."""

from __future__ import annotations

from typing import Any


class SlackError(Exception):
    """An answer `{"ok": false, "error": code}`. Details are further fields of the answer."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    def to_json(self) -> dict[str, Any]:
        """The body of the answer."""
        return {"ok": False, "error": self.code, **self.details}


def refused_blocks(code: str, problems: list[str]) -> SlackError:
    """Slack's answer to invalid blocks: each problem with its JSON pointer."""
    messages = [f"[ERROR] {problem}" for problem in problems]
    return SlackError(code, errors=problems, response_metadata={"messages": messages})


class CannotDoError(Exception):
    """What a person tried and a real Slack client would not let them do: no such button, a field left empty."""
