"""The end of an EFile: last day of its retention, and disposals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("efiles", sa.Column("retain_until", sa.Date(), nullable=True))
    op.create_table(
        "disposals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("target_id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("objects", sa.JSON(), nullable=False),
        sa.Column("completed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposals")),
    )
    op.create_index(op.f("ix_disposals_target_id"), "disposals", ["target_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_disposals_target_id"), table_name="disposals")
    op.drop_table("disposals")
    op.drop_column("efiles", "retain_until")
