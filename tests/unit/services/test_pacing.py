"""Putting off what cannot be sent yet."""

from __future__ import annotations

from bot.services.pacing import PAUSES_SECONDS, Pacing


class Watch:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_was_never_put_off_is_due() -> None:
    assert Pacing().is_due("rq-1")


def test_each_pause_is_longer_than_the_one_before_until_the_longest() -> None:
    watch = Watch()
    pacing = Pacing(watch)
    for pause in (*PAUSES_SECONDS, PAUSES_SECONDS[-1]):
        pacing.put_off("rq-1")
        watch.now += pause - 0.01
        assert not pacing.is_due("rq-1")
        watch.now += 0.01
        assert pacing.is_due("rq-1")


def test_what_has_gone_on_begins_anew() -> None:
    pacing = Pacing(Watch())
    pacing.put_off("rq-1")
    pacing.put_off("rq-2")
    pacing.forget("rq-1")
    assert pacing.is_due("rq-1")
    pacing.keep(["rq-3"])
    assert pacing.is_due("rq-2")
    assert pacing.held == 0
