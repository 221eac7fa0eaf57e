"""Archive time-stamps beside opened letters"""

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archive_stamp",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["letter.case_id"], name=op.f("fk_archive_stamp_case_id_letter")
        ),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_archive_stamp")),
    )
    with op.batch_alter_table("archive_stamp", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_archive_stamp_ends_at"), ["ends_at"], unique=False)


def downgrade() -> None:
    op.drop_table("archive_stamp")
