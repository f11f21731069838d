"""Any sequence of steps leaves every request where a small model says that it must stand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.db.audit_walk import Finding
from bot.db.engine import Database
from bot.domain.access import Role
from bot.domain.errors import BotError
from bot.domain.requests import RequestState, Result, Vote
from bot.services.operations.operation import Proof, Sent
from tests.clock import ManualClock
from tests.conftest import AUDIT_KEYS, Figure
from tests.databases import DatabaseSource
from tests.faults.machinery import Machinery, SenderDied
from tests.faults.model import DECISION, Expected, Model, RefusedByModel
from tests.faults.truth import books, standing

PARTS = 2
"""Of each engine's runs, which take a processor each."""
PEOPLE = ("U0ADA", "U0BOB", "U0CLEO", "U0DAN")
TARGETS = ("db_1", "db_2")
ENDS = (
    RequestState.SUCCEEDED,
    RequestState.ALREADY_ABSENT,
    RequestState.REJECTED,
    RequestState.NOT_SENT,
    RequestState.UNKNOWN,
    None,
)
people, targets = st.sampled_from(PEOPLE), st.sampled_from(TARGETS)
SECONDS = st.sampled_from([1, 30, 60, 119, 120, 300, 899, 900])


class Requests(RuleBasedStateMachine):
    """The machinery on the left, the model on the right."""

    source: DatabaseSource

    @initialize(required=st.integers(1, 2))
    def begin(self, required: int) -> None:
        self.loop = asyncio.new_event_loop()
        self.url = self.source.clone()
        self.clock = ManualClock()
        database = Database.open(self.url, clock=self.clock, audit_keys=AUDIT_KEYS)
        self.real = Machinery.on(database, self.clock, required)
        self.real.operation.identities = dict.fromkeys(TARGETS, 1)
        roles = {PEOPLE[0]: Role.OPERATOR} | dict.fromkeys(PEOPLE[1:], Role.ADMIN)
        self.model = Model(required=required, roles=roles, identities=dict.fromkeys(TARGETS, 1))
        self.died: list[str] = []
        self._do(self.real.open_channel())
        for person, role in roles.items():
            self._do(self.real.give(person, role))

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def _both(self, real: Coroutine[Any, Any, Any], model: Callable[[], None]) -> None:
        """The step is taken by both, or refused by both."""
        expected = actual = "done"
        try:
            model()
        except RefusedByModel:
            expected = "refused"
        try:
            self._do(real)
        except BotError:
            actual = "refused"
        assert actual == expected

    @rule(person=people, on=targets)
    def ask(self, person: str, on: str) -> None:
        try:
            self.model.may_ask(person, on)
        except RefusedByModel:
            self._both(self.real.ask(person, on), lambda: self.model.may_ask(person, on))
            return
        request = self._do(self.real.ask(person, on))
        self.model.requests[request.id] = Expected(
            requester=person,
            target=on,
            identity=self.model.identities[on],
            decide_by=self.clock.now() + DECISION,
        )

    @precondition(lambda self: self.model.requests)
    @rule(data=st.data(), person=people, approves=st.booleans())
    def vote(self, data: st.DataObject, person: str, approves: bool) -> None:
        request_id, request = self._drawn(data)
        now = self.clock.now()
        vote = Vote.APPROVE if approves else Vote.DENY
        self._both(
            self.real.vote(request_id, person, vote),
            lambda: self.model.vote(request, person, approves=approves, now=now),
        )

    @precondition(lambda self: self.model.requests)
    @rule(data=st.data(), person=people)
    def cancel(self, data: st.DataObject, person: str) -> None:
        request_id, request = self._drawn(data)
        self._both(self.real.cancel(request_id, person), lambda: self.model.cancel(request, person))

    @precondition(lambda self: self.model.requests)
    @rule(data=st.data(), person=people)
    def settle(self, data: st.DataObject, person: str) -> None:
        request_id, request = self._drawn(data)
        self._both(self.real.settle(request_id, person), lambda: self.model.settle(request, person))

    @precondition(lambda self: self.model.requests)
    @rule(data=st.data(), end=st.sampled_from(ENDS))
    def send(self, data: st.DataObject, end: RequestState | None) -> None:
        request_id, request = self._drawn(data)
        self.real.operation.end = end
        before = request.sends
        self.model.send(request, end, self.clock.now())
        with suppress(SenderDied):
            self._do(self.real.executor.run(request_id))
        if end is None and request.sends > before:
            self.died.append(request_id)

    @precondition(lambda self: self.died)
    @rule(data=st.data(), end=st.sampled_from([end for end in ENDS if end is not None]))
    def answer_late(self, data: st.DataObject, end: RequestState) -> None:
        request_id = self.died[data.draw(st.integers(0, len(self.died) - 1))]
        request, now = self.model.requests[request_id], self.clock.now()
        claimed = self._do(self.real.request(request_id))
        late = self.real.executor._outcome(claimed, Sent(state=end, result=Result()))
        self._both(late, lambda: self.model.end(request, end, now))

    @rule(seconds=SECONDS)
    def pass_time(self, seconds: int) -> None:
        self.model.pass_time(self.clock.advance(seconds))
        self._do(self.real.timekeeper.tick())

    @rule(proof=st.sampled_from([Proof.APPLIED, Proof.ABSENT_BEFORE, Proof.UNDECIDABLE, Proof.OPEN, Proof.OPEN]))
    def look(self, proof: Proof) -> None:
        self.real.operation.proof = proof
        self.model.look(proof, self.clock.now())
        self._do(self.real.look())

    @rule(person=people, role=st.sampled_from([Role.VIEWER, Role.OPERATOR, Role.ADMIN]))
    def change_role(self, person: str, role: Role) -> None:
        self.model.roles[person] = role
        self._do(self.real.give(person, role))

    @rule(which=targets)
    def change_target(self, which: str) -> None:
        self.model.identities[which] += 1
        self.real.operation.identities[which] += 1

    @invariant()
    def they_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        found, intents = self._do(standing(self.real.database))
        assert found == self.model.states
        assert len(self.real.operation.sent) == sum(request.sends for request in self.model.requests.values())
        assert intents == len(self.real.operation.sent), "no send without its intent"

    def teardown(self) -> None:
        if not hasattr(self, "real"):
            return
        try:
            found = self._do(books(self.real.database))
            assert found.chain == Finding(rows=len(found.trail)), "of all that the steps have written"
        finally:
            self._do(self.real.database.close())
            self.source.drop(self.url)
            self.loop.close()

    def _drawn(self, data: st.DataObject) -> tuple[str, Expected]:
        """By their order: ids are random, and a failing run must be repeatable."""
        number = data.draw(st.integers(0, len(self.model.requests) - 1))
        return list(self.model.requests.items())[number]


@pytest.mark.parametrize("part", range(PARTS))
def test_requests_stand_where_the_model_says(database_source: DatabaseSource, figure: Figure, part: int) -> None:
    runs = range(part, figure("model-runs"), PARTS)

    class OnThisEngine(Requests):
        source = database_source

    run_state_machine_as_test(
        OnThisEngine,
        settings=settings(
            max_examples=len(runs),
            stateful_step_count=figure("model-steps"),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
