"""The command that asks once more for what a request did not reach: typed by a button, gated as if typed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.domain.ends import REACHED
from bot.domain.replies import LONGEST_COMMAND, CommandButton
from bot.domain.requests import OperationKind, Request
from bot.domain.secrecy import find_secrets

LABEL = "Ask again"

_COMMANDS: Mapping[OperationKind, str] = MappingProxyType(
    {
        OperationKind.REGISTER_DATABASE: "databases register",
        OperationKind.UPDATE_DATABASE: "databases update",
        OperationKind.DELETE_DATABASE: "databases delete",
        OperationKind.ENABLE_TABLES: "tables enable",
        OperationKind.DISABLE_TABLES: "tables disable",
        OperationKind.SET_TOKEN: "notifications token set",
        OperationKind.DELETE_TOKEN: "notifications token delete",
        OperationKind.REMOVE_DEVICES: "devices remove",
    }
)
"""What is typed for them; where a secret is needed, or the label again, the form asks for it."""

_QUOTES = str.maketrans(dict.fromkeys('"“”„«»', "'"))


def ask_again_button(request: Request) -> tuple[CommandButton, ...]:
    """**Ask again**; nothing for what no button can carry."""
    command = command_again(request)
    return (CommandButton(label=LABEL, command=command),) if command else ()


def command_again(request: Request) -> str:
    """The command with the same target and reason, for those of its items that are still to be done; "" for none."""
    asked = _COMMANDS.get(request.operation.kind)
    words = [quoted(word) for word in (request.operation.database_id or "", *_left(request)) if word]
    if asked is None or "" in words:
        return ""
    bare = " ".join((asked, *words))
    command = f"{bare}{_with_reason(request.reason)}"
    fitting = command if len(command) <= LONGEST_COMMAND else bare
    return fitting if len(fitting) <= LONGEST_COMMAND else ""


def _left(request: Request) -> Sequence[str]:
    reached = {item.item for item in request.result.items if item.state in REACHED}
    return [item for item in request.operation.items if item not in reached]


def quoted(word: str) -> str:
    """A name so that it is read back as one; "" for one that cannot be typed."""
    if not set(word) & set("\"'“”„«»‘’‚,&<") and not word.startswith("-"):
        return f'"{word}"' if " " in word else word
    return f'"{word}"' if not set(word) & set('"“”„«»,&<') else ""


def _with_reason(reason: str) -> str:
    """Left out where it would be read as something else: then it is asked for."""
    spoken = " ".join(reason.split()).translate(_QUOTES)
    doubtful = not spoken or "&" in spoken or find_secrets(spoken, in_command=True)
    return "" if doubtful else f' --reason "{spoken}"'
