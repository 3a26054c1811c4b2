"""the paper behind the scans, and versions of a Document's pages"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.create_table(
        "paper_samples",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("need", sa.String(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("drawn_at", UtcDateTime(), nullable=False),
        sa.Column("drawn_by", sa.String(), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.Column("chosen", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_paper_samples_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_samples")),
    )
    with op.batch_alter_table("paper_samples", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_samples_batch_id"), ["batch_id"], unique=False)
    op.create_table(
        "papers",
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("sample_id", sa.String(), nullable=True),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("checked_by", sa.String(), nullable=True),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.Column("agreement", sa.String(), nullable=True),
        sa.Column("settles", sa.JSON(), nullable=False),
        sa.Column("recalled_at", UtcDateTime(), nullable=True),
        sa.Column("recalled_by", sa.String(), nullable=True),
        sa.Column("destroyed_at", UtcDateTime(), nullable=True),
        sa.Column("destroyed_by", sa.String(), nullable=True),
        sa.Column("noted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_papers_document_id")),
        sa.ForeignKeyConstraint(["sample_id"], ["paper_samples.id"], name=op.f("fk_papers_sample_id")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_papers")),
    )
    with op.batch_alter_table("papers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_papers_sample_id"), ["sample_id"], unique=False)


def downgrade() -> None:
    op.drop_table("papers")
    op.drop_table("paper_samples")
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_column("version")
