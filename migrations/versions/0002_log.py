"""How far the transparency log is; a leaf stands once, at one place"""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "log_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("cut_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("plan", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_state")),
    )
    op.create_table(
        "log_cut",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("at", name=op.f("pk_log_cut")),
    )
    with op.batch_alter_table("log_leaf", schema=None) as batch_op:
        batch_op.create_unique_constraint(op.f("uq_log_leaf_leaf"), ["leaf"])
        batch_op.create_unique_constraint(op.f("uq_log_leaf_index"), ["index"])


def downgrade() -> None:
    with op.batch_alter_table("log_leaf", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_log_leaf_index"), type_="unique")
        batch_op.drop_constraint(op.f("uq_log_leaf_leaf"), type_="unique")
    op.drop_table("log_cut")
    op.drop_table("log_state")
