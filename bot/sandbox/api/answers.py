"""Answers in the documented envelopes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from bot.sandbox.api.switches import Confirmation, EmptyList, Meta, Registered, Switches, Warnings

JSON_TYPE = "application/json"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Status, headers and body."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_success(self) -> bool:
        """Whether it says that what was asked is done."""
        return self.status < 300


class RefusedError(Exception):
    """The call is refused with the documented envelope."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(code)
        self.answer = errors(status, (code, detail))


def data(value: Any, *, status: int = 200, meta: dict[str, Any] | None = None) -> Answer:
    """The success envelope."""
    envelope: dict[str, Any] = {"data": value}
    if meta:
        envelope["meta"] = meta
    return Answer(status=status, body=json.dumps(envelope).encode())


def errors(status: int, *faults: tuple[str, str]) -> Answer:
    """The error envelope, from codes and details; `status` inside it is a string, as documented."""
    title = HTTPStatus(status).phrase
    listed = [{"status": str(status), "code": code, "title": title, "detail": detail} for code, detail in faults]
    return Answer(status=status, body=json.dumps({"errors": listed}).encode())


def confirmed(switches: Switches, value: dict[str, Any]) -> Answer:
    """The success of a change, in the chosen shape."""
    status = switches.changed.value
    match switches.confirmation:
        case Confirmation.OBJECT:
            return data(value, status=status)
        case Confirmation.EMPTY_DATA:
            return data({}, status=status)
        case Confirmation.NULL_DATA:
            return data(None, status=status)
        case Confirmation.NO_CONTENT:
            return Answer(status=204)
        case Confirmation.EMPTY_BODY:
            return Answer(status=status)


def registered(switches: Switches, named: dict[str, Any], whole: dict[str, Any]) -> Answer:
    """The success of a registration, in the chosen shape."""
    status = switches.creation.value
    match switches.registered:
        case Registered.ID:
            return data(named, status=status)
        case Registered.OBJECT:
            return data(whole, status=status)
        case Registered.EMPTY_DATA:
            return data({}, status=status)
        case Registered.NO_CONTENT:
            return Answer(status=204)
        case Registered.EMPTY_BODY:
            return Answer(status=status)


def deleted(switches: Switches, value: dict[str, Any], warnings: list[str]) -> Answer:
    """The success of a deletion, with its warnings in the chosen place."""
    if not warnings:
        return confirmed(switches, value)
    status = switches.changed.value
    match switches.warnings:
        case Warnings.IN_META:
            return data(value, status=status, meta={"warnings": warnings})
        case Warnings.TOP:
            return Answer(status=status, body=json.dumps({"data": value, "warnings": warnings}).encode())
        case Warnings.OBJECTS:
            told = [{"code": "cleanup_failed", "message": text} for text in warnings]
            return data({**value, "warnings": told}, status=status)
        case Warnings.IN_DATA:
            return data({**value, "warnings": warnings}, status=status)


def listed(switches: Switches, members: list[Any], *, meta: dict[str, Any] | None) -> Answer:
    """A list, which may have no members."""
    is_null = not members and switches.empty_list is EmptyList.NULL
    return data(None if is_null else members, meta=meta)


def list_meta(switches: Switches, *, total: int, page: int = 1, page_size: int | None = None) -> dict[str, Any] | None:
    """What a list says about itself. `page_size` None: it is not paged, and all of it is there."""
    size = total if page_size is None else page_size
    facts = {"page": page, "page_size": size, "total": total}
    match switches.meta:
        case Meta.FULL:
            return facts
        case Meta.TOTAL:
            return {"total": total}
        case Meta.MORE:
            return {"hasMore": page * size < total}
        case Meta.NESTED:
            return {"pagination": facts}
        case Meta.MISSING:
            return None
