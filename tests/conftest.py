"""What every test may ask for: a clock that it moves, and a real database on both engines."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from hypothesis import settings

from bot.db.chain import AuditKeys
from bot.db.engine import Database
from bot.sandbox.api.switches import Switches
from tests.clock import ManualClock
from tests.databases import DatabaseSource, PostgresSource, SqliteSource, lend, quick_folder
from tests.statements import compiled_once
from tests.totals import Totals

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")  # how long an example takes is the machine's affair, and no test's

AUDIT_KEYS = AuditKeys([b"k" * 32])

CAMPAIGNS = {
    "kills": (20, "kill -9 at random moments, on each engine"),
    "failpoint-rounds": (1, "times that each failpoint crashes, pauses and breaks a bot, on each engine"),
    "races": (50, "requests that four approvers and a denier decide at once, over three replicas"),
    "double-clicks": (200, "deliveries that come twice or more often"),
    "answer-rounds": (1, "times that each fault of the API meets each operation"),
    "model-runs": (100, "runs of the state machine against its model"),
    "model-steps": (30, "steps of each such run"),
    "trail-rows": (5_000, "rows of a trail before those that questions are asked about"),
    "audit-rows": (2_000, "rows that eight writers append at once while others are rolled back, on each engine"),
    "tamperings": (100, "random ways of tampering with a trail"),
    "clean-trails": (50, "sound trails that must raise no alarm, on each engine"),
    "sigterms": (5, "SIGTERM with calls under way"),
}
"""The campaigns' figures by default; the longer ones are the same tests with larger ones."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--kills 1000` and the like, and `--under fields-few` or `--under turn-1`."""
    for name, (default, meaning) in CAMPAIGNS.items():
        parser.addoption(f"--{name}", type=int, default=default, help=f"{meaning} (default {default})")
    ways = [name for name, _ in (*Switches.each(), *Switches.turns())]
    parser.addoption(
        "--under",
        choices=ways,
        default="defaults",
        metavar="SWITCH",
        help=f"how the API answers in scenarios: {', '.join(ways)}",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Every process of the session counts."""
    config.pluginmanager.register(Totals(), "totals")


OpenDatabase = Callable[[str], Database]
Figure = Callable[[str], int]


@pytest.fixture
def figure(pytestconfig: pytest.Config) -> Figure:
    """How large a campaign is to be, by its name in `CAMPAIGNS`."""
    return lambda name: int(pytestconfig.getoption(f"--{name}"))


@pytest.fixture
def clock() -> ManualClock:
    """Three in the morning, until the test moves it."""
    return ManualClock()


@pytest.fixture
def audit_keys() -> AuditKeys:
    """The ring that the fixtures' databases sign with."""
    return AUDIT_KEYS


@pytest.fixture(scope="session", autouse=True)
def statements() -> Iterator[None]:
    """Compiled once for all databases of this test process."""
    with compiled_once():
        yield


@pytest.fixture(scope="session")
def sqlite_source() -> Iterator[SqliteSource]:
    """Migrated SQLite files."""
    folder = quick_folder()
    yield SqliteSource(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_source() -> Iterator[PostgresSource]:
    """Migrated databases on a PostgreSQL that this test process starts for itself."""
    source = PostgresSource(quick_folder())
    yield source
    source.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_source(request: pytest.FixtureRequest) -> DatabaseSource:
    """Both engines in turn: a test that reaches this runs twice."""
    wanted = {"sqlite": "sqlite_source", "postgresql": "postgres_source"}[request.param]
    source: DatabaseSource = request.getfixturevalue(wanted)
    return source


@pytest.fixture
def database_url(database_source: DatabaseSource) -> Iterator[str]:
    """The URL of a migrated, empty database."""
    yield from lend(database_source)


@pytest.fixture
def sqlite_url(sqlite_source: SqliteSource) -> Iterator[str]:
    """For what only SQLite does."""
    yield from lend(sqlite_source)


@pytest.fixture
def postgres_url(postgres_source: PostgresSource) -> Iterator[str]:
    """For what only PostgreSQL does."""
    yield from lend(postgres_source)


@pytest.fixture
async def open_database(clock: ManualClock, audit_keys: AuditKeys) -> AsyncIterator[OpenDatabase]:
    """Opens databases, each as a process of its own would, and closes them after the test."""
    opened: list[Database] = []

    def open_one(url: str) -> Database:
        opened.append(Database.open(url, clock=clock, audit_keys=audit_keys))
        return opened[-1]

    yield open_one
    for database in opened:
        await database.close()


@pytest.fixture
def database(database_url: str, open_database: OpenDatabase) -> Database:
    """A migrated, empty database, on both engines in turn."""
    return open_database(database_url)
