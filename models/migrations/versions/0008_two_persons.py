"""two persons for a disposal and for discarding; sessions and wrong passwords of the web, over processes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0008"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("disposals", sa.Column("proposed_account", sa.String(), nullable=True))
    for name in ("discard_by", "discard_account", "discard_reason"):
        op.add_column("sources", sa.Column(name, sa.String(), nullable=True))
    op.create_table(
        "web_sessions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_web_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_sessions")),
    )
    op.create_index(op.f("ix_web_sessions_user_id"), "web_sessions", ["user_id"], unique=False)
    op.create_table(
        "sign_in_tries",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_tries")),
    )
    op.create_index(op.f("ix_sign_in_tries_key"), "sign_in_tries", ["key"], unique=False)
    op.create_index(op.f("ix_sign_in_tries_at"), "sign_in_tries", ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("sign_in_tries")
    op.drop_table("web_sessions")
    with op.batch_alter_table("sources", schema=None) as batch_op:
        for name in ("discard_reason", "discard_account", "discard_by"):
            batch_op.drop_column(name)
    with op.batch_alter_table("disposals", schema=None) as batch_op:
        batch_op.drop_column("proposed_account")
