"""That questions to the trail are answered by index seeks: the plans themselves, never a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, text

from bot.db import audit_common, audit_queries, audit_words
from bot.db.audit_common import in_bounds
from bot.db.audit_head import Head
from bot.db.audit_queries import find_page
from bot.db.audit_words import row_holds
from bot.db.chain import GENESIS
from bot.db.connections import database_url as rewritten
from bot.db.connections import writing_engine
from bot.db.tables import LOUD
from bot.db.unit import Unit
from bot.domain.audit import QUIET_KINDS, Anchor, AuditAction, AuditFilter, AuditKind, AuditOutcome, JsonValue
from bot.domain.loud_events import LOUD_KINDS
from bot.services.anchors_due import is_owed
from tests.clock import START, ManualClock
from tests.conftest import AUDIT_KEYS
from tests.factories import make_entry

QUESTIONS = {
    "newest": (AuditFilter(), "ix_audit_loud"),
    "newest with reads": (AuditFilter(quiet=True), ""),
    "actor": (AuditFilter(actor="U1"), "ix_audit_actor"),
    "actor with reads": (AuditFilter(actor="U1", quiet=True), "ix_audit_actor"),
    "action": (AuditFilter(action=AuditAction.HELP), "ix_audit_action"),
    "area": (AuditFilter(area="databases"), "ix_audit_action"),
    "target": (AuditFilter(target="db_1"), "ix_audit_target_label"),
    "verb": (AuditFilter(verb="delete"), "ix_audit_action"),
    "outcome": (AuditFilter(outcome=AuditOutcome.DENIED), "ix_audit_outcome"),
    "outcomes": (AuditFilter(outcomes=(AuditOutcome.FAILED, AuditOutcome.UNKNOWN)), "ix_audit_outcome"),
    "channel": (AuditFilter(channel="C1"), "ix_audit_channel"),
    "request": (AuditFilter(request_id="rq-1"), "ix_audit_request"),
    "story": (AuditFilter(story="st-1"), "ix_audit_story"),
    "text": (AuditFilter(text="orders"), "audit_words"),
    "time range": (AuditFilter(since=START, until=START, quiet=True), "ix_audit_occurred"),
    "everything": (AuditFilter(actor="U1", channel="C1", text="orders", since=START), "ix_audit_actor"),
}

ROWS = text(
    """INSERT INTO audit_events (seq, occurred_at, kind, story, action, actor, channel, environment, target,
    target_label, outcome, leaf, prev_hash, hash, mac, key_id)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
    SELECT i, '2026-11-02T03:00:00.000000Z', 'read', 's', 'help.show', 'U' || i % 50, 'C' || i % 9, 'prod', 'db_' || i,
    'label', 'succeeded', '', i, i, '', '' FROM n"""
)


@pytest.fixture
def connection(sqlite_url: str) -> Iterator[Connection]:
    """Three thousand rows, and statistics about them."""
    engine = writing_engine(rewritten(sqlite_url))
    with engine.begin() as connection:
        connection.execute(ROWS)
        connection.execute(text("ANALYZE"))
        yield connection
    engine.dispose()


def plans_of(connection: Connection, ask: Callable[[], object]) -> list[str]:
    """What SQLite says that it does, for each statement of what is asked, by whomever it was executed."""
    asked: list[str] = []
    driver: Any = connection.connection.dbapi_connection
    driver.set_trace_callback(asked.append)
    ask()
    driver.set_trace_callback(None)
    questions = [one for one in asked if one.lstrip().startswith(("SELECT", "WITH"))]
    return [str(row[3]) for one in questions for row in driver.execute(f"EXPLAIN QUERY PLAN {one}")]


@pytest.mark.parametrize(("wanted", "index"), QUESTIONS.values(), ids=QUESTIONS)
def test_a_page_never_walks_the_whole_trail(connection: Connection, wanted: AuditFilter, index: str) -> None:
    steps = plans_of(connection, lambda: find_page(connection, wanted))
    walks = [step for step in steps if step.startswith("SCAN audit_events") and "INDEX" not in step]
    assert walks == ([] if index else ["SCAN audit_events"])
    assert any(index in step for step in steps)


def test_whether_an_anchor_is_owed_is_told_by_seeks_alone(connection: Connection) -> None:
    unit = Unit(connection, clock=ManualClock(), audit_keys=AUDIT_KEYS)
    connection.execute(text("UPDATE audit_head SET seq = 3000"))
    unit.anchors.put(
        Anchor(seq=2950, hash="2950", channel_id="C1", thread_ts="", ts="", posted_at=START - timedelta(minutes=15))
    )
    steps = plans_of(connection, lambda: is_owed(unit))
    assert [step for step in steps if step.startswith("SCAN")] == []
    assert "SEARCH audit_events USING INTEGER PRIMARY KEY (rowid>?)" in steps
    assert "SEARCH audit_events USING INTEGER PRIMARY KEY (rowid=?)" in steps
    assert "SEARCH audit_anchors USING INTEGER PRIMARY KEY (rowid<?)" in steps
    assert is_owed(unit)


def test_what_is_loud_is_looked_for_in_a_stretch_by_primary_key(connection: Connection, postgres_url: str) -> None:
    unit = Unit(connection, clock=ManualClock(), audit_keys=AUDIT_KEYS)
    steps = plans_of(connection, lambda: unit.audit.of_kinds(LOUD_KINDS, after=2000, up_to=3000))
    assert steps == ["SEARCH audit_events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"]
    engine = create_engine(rewritten(postgres_url))
    with engine.begin() as other:
        a_trail_of_quiet_words(other, 2_000)
        other.execute(text("ANALYZE"))
        kinds = ", ".join(f"'{kind}'" for kind in sorted(LOUD_KINDS))
        asked = f"SELECT * FROM audit_events WHERE seq > 1000 AND seq <= 1100 AND kind IN ({kinds}) ORDER BY seq"  # noqa: S608
        plan = "\n".join(other.execute(text(f"EXPLAIN {asked}")).scalars())
    engine.dispose()
    assert "Seq Scan" not in plan
    assert "seq > 1000" in plan


def test_no_question_skips_rows_by_offset(connection: Connection) -> None:
    skipped: list[object] = []

    def remember(_: object, __: object, statement: str, parameters: dict[str, object], *___: object) -> None:
        skipped.extend(parameters[name] for name in re.findall(r"OFFSET :(\w+)", statement))

    event.listen(connection, "before_cursor_execute", remember)
    for wanted, _ in QUESTIONS.values():
        find_page(connection, wanted)
    assert set(skipped) == {0}  # SQLAlchemy writes "OFFSET 0" beside every LIMIT on SQLite


QUIET_WORDS = ("moved", "mo", "moved eu", "neverwritten", "mo orders", "early", "ear", "early-to neverwritten")


def a_trail_of_quiet_words(connection: Connection, rows: int) -> None:
    """Words that many rows hold, and few that are shown."""
    unit = Unit(
        connection, clock=ManualClock(), audit_keys=AUDIT_KEYS, head=Head(seq=0, hash=GENESIS, occurred_at=START)
    )
    for number in range(rows):
        kind = AuditKind.READ if number % 2 else AuditKind.OUTCOME
        reason = ("cost", "moved to eu", "cost", "moved early to eu" if number % 8 == 3 else "moved to eu")[number % 4]
        payload: dict[str, JsonValue] = {"reason": reason}
        unit.audit.append(make_entry(kind=kind, payload=payload))
    assert unit.audit.written is connection


@pytest.mark.parametrize("typed", QUIET_WORDS)
def test_no_word_makes_postgresql_read_more_of_its_index_than_a_look(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setattr(audit_queries, "LOOK", 50)
    engine = create_engine(rewritten(postgres_url))
    with engine.begin() as connection:
        a_trail_of_quiet_words(connection, 2_000)
        connection.execute(text("ANALYZE"))
        read = entries_read(connection, lambda: find_page(connection, AuditFilter(text=typed, limit=2)))
    engine.dispose()
    assert 0 < sum(read) <= 4 * 50 or typed == "neverwritten"


def test_a_question_to_postgresqls_words_ends_with_its_time_and_leaves_no_limit_behind(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_common, "MILLISECONDS", 20)
    engine = create_engine(rewritten(postgres_url))
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 7000"))
        assert in_bounds(connection, text("SELECT pg_sleep(60)")) is None
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "7s"
        assert connection.execute(text("SHOW enable_seqscan")).scalar() == "on"
    engine.dispose()


def entries_read(connection: Connection, ask: Callable[[], object]) -> list[int]:
    """How many entries of the full text each step of each statement looked at, as PostgreSQL counted them."""
    asked: list[tuple[str, dict[str, object]]] = []

    def remember(_: object, __: object, statement: str, parameters: dict[str, object], *___: object) -> None:
        asked.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", remember)
    ask()
    event.remove(connection, "before_cursor_execute", remember)
    read: list[int] = []
    for statement, parameters in asked:
        if not statement.startswith("SELECT"):
            continue
        explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar_one()
        read += [
            int((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
            for node in nodes_of(explained[0]["Plan"])
            if "audit_search" in (node.get("Relation Name"), node.get("Index Name", "").removeprefix("ix_"))
        ]
    return read


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A step, and all below it."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes_of(below)


@pytest.mark.parametrize("typed", QUIET_WORDS)
def test_no_word_makes_sqlite_try_more_rows_than_a_look(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setattr(audit_queries, "LOOK", 50)
    monkeypatch.setattr(audit_words, "PLACES", (10, 50))
    tried: list[str] = []

    def counted(*values: str) -> bool:
        tried.append(values[0])
        return row_holds(*values)

    monkeypatch.setattr(audit_words, "row_holds", counted)
    engine = writing_engine(rewritten(sqlite_url))
    with engine.begin() as connection:
        a_trail_of_quiet_words(connection, 2_000)
        steps = plans_of(connection, lambda: find_page(connection, AuditFilter(text=typed, limit=2)))
    engine.dispose()
    assert 0 < len(tried) <= 2 * 50 + 50 or typed == "neverwritten"
    assert not [step for step in steps if "audit_search" in step], "the index by beginnings is not bounded"


def test_postgresql_takes_the_partial_index_for_the_usual_page(postgres_url: str) -> None:
    engine = create_engine(rewritten(postgres_url))
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        question = f"EXPLAIN SELECT * FROM audit_events WHERE {LOUD} ORDER BY seq DESC LIMIT 10"  # noqa: S608
        plan = " ".join(connection.execute(text(question)).scalars())
    engine.dispose()
    assert "ix_audit_loud" in plan


def test_the_index_of_what_is_shown_leaves_out_exactly_the_quiet_kinds() -> None:
    kinds = ", ".join(f"'{kind}'" for kind in sorted(QUIET_KINDS))
    assert f"kind NOT IN ({kinds})" == LOUD
