"""The accounts of all scenarios, summed over the session and its processes, and told at its end."""

from __future__ import annotations

from collections import Counter

import pytest

TOTALS: Counter[str] = Counter()
BALANCED = ("delivered", "taken", "told")
"""Deliveries by the stand-in's record, in the inbox, and in the trail: as many each."""


class Totals:
    """Adds up what the processes counted; a session whose sums differ has failed, whatever its tests say."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: pytest.Config) -> None:
        """One of several processes ended."""
        TOTALS.update(getattr(node, "workeroutput", {}).get("totals", {}))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand the sums up, or compare them."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["totals"] = dict(TOTALS)
        elif TOTALS["scenarios"] and not is_balanced():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The sums, for whoever reads the report."""
        if not TOTALS["scenarios"]:
            return
        terminalreporter.section("accounts of the scenarios" if is_balanced() else "the scenarios' accounts differ")
        for name, number in sorted(TOTALS.items()):
            terminalreporter.write_line(f"{number:>7,} {name}")


def is_balanced() -> bool:
    """Whether something was delivered, and all of it was taken and told."""
    return len({TOTALS[name] for name in BALANCED}) == 1 and TOTALS["delivered"] > 0
