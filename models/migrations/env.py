"""Alembic's entry: the connection is handed in by models.database."""

from __future__ import annotations

from alembic import context

import models  # noqa: F401  (all tables are known after this import)
from models.base import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
