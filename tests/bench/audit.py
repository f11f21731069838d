"""`python -m tests.bench.audit`: what the trail costs, as ratios within one run, on both engines.

`--rows 10000000` takes a longer trail (a million by default), `--engine` and `--part` less of it. PostgreSQL runs with
its usual durability, in a folder of the disk. Goals are the issue's: `met` or `MISSED` stands behind each.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
import uvloop

from bot.db.engine import Database
from bot.domain.ports import SystemClock
from tests.bench import audit_appending, audit_asking, audit_walking
from tests.bench.long_trail import fill
from tests.bench.timing import Comparison
from tests.conftest import AUDIT_KEYS
from tests.databases import DatabaseSource, PostgresSource, SqliteSource

ENGINES = ("sqlite", "postgresql")
PARTS = ("append", "ask", "walk")
MEMORY_AT = (10, 1)
"""Export's memory is looked at for a tenth of the rows and for all of them."""


@click.command()
@click.option("--rows", default=1_000_000, show_default=True, help="Rows of the trail that is asked and walked.")
@click.option("--engine", "engines", multiple=True, type=click.Choice(ENGINES), default=ENGINES)
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), default=PARTS)
def main(rows: int, engines: tuple[str, ...], parts: tuple[str, ...]) -> None:
    """Measure the audit trail."""
    for engine in engines:
        with source_of(engine) as source:
            click.echo(f"\n{engine}\n{'':<44} {'ours':>13} {'theirs':>13} {'ratio':>8}  goal")
            uvloop.run(_measure(source, engine, rows, parts))


@contextmanager
def source_of(engine: str) -> Iterator[DatabaseSource]:
    """Databases on the disk, durable."""
    folder = Path(tempfile.mkdtemp(prefix="cloudsync-bench-"))
    try:
        if engine == "sqlite":
            yield SqliteSource(folder)
        else:
            with closing(PostgresSource(folder, durable=True)) as source:
                yield source
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _measure(source: DatabaseSource, engine: str, rows: int, parts: tuple[str, ...]) -> None:
    if "append" in parts:
        _tell(await audit_appending.compare(source, processes=engine != "sqlite"))
    if "ask" in parts or "walk" in parts:
        url = source.clone()
        started = time.perf_counter()
        fill(url, rows, AUDIT_KEYS)
        click.echo(f"a trail of {rows:,} rows, written in {time.perf_counter() - started:.0f} s")
        await _read(url, rows, parts)


async def _read(url: str, rows: int, parts: tuple[str, ...]) -> None:
    database = Database.open(url, clock=SystemClock(), audit_keys=AUDIT_KEYS)
    try:
        if "ask" in parts:
            _tell(await audit_asking.compare(database, rows))
            for line in await audit_asking.bounded(database):
                click.echo(line)
        if "walk" in parts:
            with tempfile.TemporaryDirectory(prefix="cloudsync-bench-") as folder:
                _tell(await audit_walking.compare(database, url, Path(folder)))
            for share in MEMORY_AT:
                peak = audit_walking.peak_of_export(url, rows // share)
                click.echo(f"export of {rows // share:>10,} rows: at most {peak} MiB")
    finally:
        await database.close()


def _tell(found: Iterable[Comparison]) -> None:
    for one in found:
        click.echo(str(one))


if __name__ == "__main__":
    main()
