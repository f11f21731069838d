"""The README's table of commands."""

from __future__ import annotations

from bot.commands.documentation import command_table
from bot.commands.registry import Registry


def test_the_table_has_one_row_for_each_command_in_order(registry: Registry) -> None:
    lines = command_table(registry).splitlines()
    assert lines[:2] == ["| Command | Endpoint | Class | Who asks | Gate |", "| --- | --- | --- | --- | --- |"]
    assert [line.split("`")[1].split(" <")[0].split(" [")[0] for line in lines[2:]][:3] == [
        "help",
        "databases list",
        "databases show",
    ]
    assert len(lines) == 2 + len(registry.commands)


def test_a_row_says_how_it_is_typed_who_asks_and_what_stands_before_it(registry: Registry) -> None:
    rows = command_table(registry).splitlines()
    assert "| `databases delete <database>` | – | destructive | operator and above | another admin approves |" in rows
    assert "| `tables enable <database> [<tables>…]` | – | change | operator and above | the asker confirms |" in rows
    assert "| `roles grant @user-or-group <role> [--channel #channel]` | – | manage | admin | – |" in rows
    assert "| `devices list <database> [--page N] [--page-size N]` | – | read | viewer and above | – |" in rows
