"""Direct messages with files in them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from bot.domain.errors import BotError


@dataclass(kw_only=True)
class Mailbox:
    """Remembers whom it gave what, by the file's name."""

    received: dict[str, dict[str, str]] = field(default_factory=dict)
    refuses: BotError | None = None
    takes: float = 0
    """Seconds that a file is under way."""

    async def upload(self, person_id: str, file: Path, *, name: str, comment: str) -> str:
        """Keep the content."""
        del comment
        if self.refuses is not None:
            raise self.refuses
        await asyncio.sleep(self.takes)
        self.received.setdefault(person_id, {})[name] = await asyncio.to_thread(file.read_text)
        return f"https://slack.example/{name}"
