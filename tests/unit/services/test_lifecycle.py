"""The rows that a request's steps leave."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.audit import AuditKind, AuditOutcome
from bot.domain.requests import RequestState, Result
from bot.services.lifecycle import readings_row, redacted
from tests.factories import make_request


def test_a_row_of_readings_has_nothing_secret_and_nothing_of_the_call() -> None:
    sent = replace(
        make_request(state=RequestState.SUCCEEDED), result=Result(http_status=200, duration_ms=5, codes=("ok",))
    )
    read = redacted(["Address: postgresql://owner:hunter2@db.example:5432/orders"])
    row = readings_row(sent, {"readings": read, "afterwards": True})
    assert (row.kind, row.outcome, row.story) == (AuditKind.RECONCILE, AuditOutcome.SUCCEEDED, sent.story)
    assert (row.http_status, row.duration_ms, row.code) == (None, None, None)
    assert "hunter2" not in str(row.payload)
    assert "Address: " in str(row.payload["readings"])
