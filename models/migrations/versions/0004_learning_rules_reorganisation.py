"""labels file of a model version, words and validity of rules, successor of a unit"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("routing_models") as batch:
        batch.add_column(sa.Column("labels", sa.String(), nullable=True))
    with op.batch_alter_table("routing_rules") as batch:
        batch.add_column(sa.Column("words", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("valid_from", sa.Date(), nullable=True))
        batch.add_column(sa.Column("valid_to", sa.Date(), nullable=True))
    with op.batch_alter_table("org_units") as batch:
        batch.add_column(sa.Column("successor_id", sa.String(), nullable=True))
        batch.create_foreign_key(op.f("fk_org_units_successor_id"), "org_units", ["successor_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("org_units") as batch:
        batch.drop_constraint(op.f("fk_org_units_successor_id"), type_="foreignkey")
        batch.drop_column("successor_id")
    with op.batch_alter_table("routing_rules") as batch:
        batch.drop_column("valid_to")
        batch.drop_column("valid_from")
        batch.drop_column("words")
    with op.batch_alter_table("routing_models") as batch:
        batch.drop_column("labels")
