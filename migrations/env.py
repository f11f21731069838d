"""Alembic's environment: runs on the connection that `bot.db.migrate` hands over, under its lock."""

from __future__ import annotations

from alembic import context

from bot.db.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
