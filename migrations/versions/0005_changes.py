"""Withdrawn letters, ends of lots, legal holds, and what products say of premiums due back"""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str = "0004"
branch_labels = None
depends_on = None

LETTERS = ("letter", "guarantee", "opening_result")
COLUMNS = {"letter": "state", "guarantee": "state", "opening_result": "verdict"}
BEFORE = {
    "letter": "'sealed', 'opened', 'broken'",
    "guarantee": "'in_force', 'released', 'expired'",
    "opening_result": "'verified', 'fails', 'not_opened'",
}


def _allow(words: dict[str, str]) -> None:
    for table in LETTERS:
        name = op.f(f"ck_{table}_{COLUMNS[table]}")
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(name, type_="check")
            batch_op.create_check_constraint(name, f"{COLUMNS[table]} IN ({words[table]})")


def upgrade() -> None:
    _allow({table: f"{words}, 'withdrawn'" for table, words in BEFORE.items()})
    for name in ("back_withdrawn", "back_ended"):
        with op.batch_alter_table("product", schema=None) as batch_op:
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=True))
            batch_op.create_check_constraint(
                op.f(f"ck_product_{name}"), f"{name} BETWEEN 0 AND 100"
            )

    op.create_table(
        "lot_end",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("lot_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("request", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("asked_by", sa.String(length=26), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String(length=26), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=26), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('failed', 'cancelled')", name=op.f("ck_lot_end_kind")),
        sa.CheckConstraint(
            "state IN ('asked', 'dropped', 'confirmed', 'kept', 'ended')",
            name=op.f("ck_lot_end_state"),
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["person.id"], name=op.f("fk_lot_end_asked_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["person.id"], name=op.f("fk_lot_end_confirmed_by_person")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_lot_end_lot_id_lot")),
        sa.ForeignKeyConstraint(
            ["settled_by"], ["person.id"], name=op.f("fk_lot_end_settled_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_end")),
        sa.UniqueConstraint("lot_id", "number", name=op.f("uq_lot_end_lot_id_number")),
    )
    with op.batch_alter_table("lot_end", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_lot_end_request"), ["request"], unique=False)

    op.create_table(
        "lot_archive",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_archive")),
    )

    op.create_table(
        "legal_hold",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("project_id", sa.String(length=26), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.String(length=26), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.String(length=26), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('set', 'lifted')", name=op.f("ck_legal_hold_state")),
        sa.ForeignKeyConstraint(
            ["lifted_by"], ["person.id"], name=op.f("fk_legal_hold_lifted_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_legal_hold_project_id_project")
        ),
        sa.ForeignKeyConstraint(
            ["set_by"], ["person.id"], name=op.f("fk_legal_hold_set_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    with op.batch_alter_table("legal_hold", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_legal_hold_project_id"), ["project_id"], unique=False)


def downgrade() -> None:
    op.drop_table("legal_hold")
    op.drop_table("lot_archive")
    op.drop_table("lot_end")
    for name in ("back_ended", "back_withdrawn"):
        with op.batch_alter_table("product", schema=None) as batch_op:
            batch_op.drop_constraint(op.f(f"ck_product_{name}"), type_="check")
            batch_op.drop_column(name)
    _allow(BEFORE)
