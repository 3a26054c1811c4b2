"""the Merkle root of a journal block"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("journal_blocks") as table:
        table.add_column(sa.Column("root", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("journal_blocks") as table:
        table.drop_column("root")
