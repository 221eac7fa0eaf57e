"""Keys of tokens and their heirs, changes of key, rehearsals, requests for the recovery key"""

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("opening_key", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("kind", sa.String(length=12), nullable=False, server_default="hpke-x25519")
        )
        batch_op.add_column(sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("heir_id", sa.String(length=26), nullable=True))
        batch_op.add_column(sa.Column("inherited", sa.LargeBinary(), nullable=True))
        batch_op.alter_column("wrapped_private", existing_type=sa.LargeBinary(), nullable=True)
        batch_op.create_check_constraint(
            op.f("ck_opening_key_kind"), "kind IN ('hpke-x25519', 'cms')"
        )
        batch_op.create_foreign_key(
            op.f("fk_opening_key_heir_id_opening_key"), "opening_key", ["heir_id"], ["id"]
        )
    with op.batch_alter_table("opening_key", schema=None) as batch_op:
        batch_op.alter_column("kind", existing_type=sa.String(length=12), server_default=None)
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_opening_opening_time"), ["opening_time"], unique=False)
    _rehearsals()
    _key_changes()
    _recovery_requests()


def _rehearsals() -> None:
    op.create_table(
        "rehearsal",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("lot_id", sa.String(length=26), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("question", sa.LargeBinary(), nullable=True),
        sa.Column("answer", sa.LargeBinary(length=32), nullable=True),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_rehearsal_lot_id_lot")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_rehearsal_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsal")),
        sa.UniqueConstraint("lot_id", "fingerprint", name=op.f("uq_rehearsal_lot_id_fingerprint")),
    )
    with op.batch_alter_table("rehearsal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rehearsal_fingerprint"), ["fingerprint"], unique=False)
    op.create_table(
        "rehearsal_reminder",
        sa.Column("project_id", sa.String(length=26), nullable=False),
        sa.Column("opening_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_rehearsal_reminder_project_id_project")
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "opening_time", "days", name=op.f("pk_rehearsal_reminder")
        ),
    )


def _key_changes() -> None:
    op.create_table(
        "key_change",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("old_key_id", sa.String(length=26), nullable=False),
        sa.Column("new_key_id", sa.String(length=26), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=True),
        sa.CheckConstraint("state IN ('running', 'complete')", name=op.f("ck_key_change_state")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_key_change_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["old_key_id"], ["opening_key.id"], name=op.f("fk_key_change_old_key_id_opening_key")
        ),
        sa.ForeignKeyConstraint(
            ["new_key_id"], ["opening_key.id"], name=op.f("fk_key_change_new_key_id_opening_key")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_key_change_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_change")),
        sa.UniqueConstraint("old_key_id", name=op.f("uq_key_change_old_key_id")),
        sa.UniqueConstraint("new_key_id", name=op.f("uq_key_change_new_key_id")),
    )
    with op.batch_alter_table("key_change", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_key_change_organisation_id"), ["organisation_id"], unique=False
        )


def _recovery_requests() -> None:
    op.create_table(
        "recovery_request",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("lot_id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=26), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconded_by", sa.String(length=26), nullable=True),
        sa.Column("seconded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=26), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('asked', 'seconded', 'confirmed', 'refused', 'withdrawn')",
            name=op.f("ck_recovery_request_state"),
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["lot.id"], name=op.f("fk_recovery_request_lot_id_lot")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_recovery_request_organisation_id_organisation"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["person.id"], name=op.f(f"fk_recovery_request_{column}_person")
            )
            for column in ("asked_by", "seconded_by", "decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_request")),
    )
    standing = sa.text("state IN ('asked', 'seconded', 'confirmed')")
    with op.batch_alter_table("recovery_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_request_lot_id"), ["lot_id"], unique=False)
        batch_op.create_index(
            "uq_recovery_request_standing",
            ["lot_id"],
            unique=True,
            sqlite_where=standing,
            postgresql_where=standing,
        )


def downgrade() -> None:
    op.drop_table("recovery_request")
    op.drop_table("key_change")
    op.drop_table("rehearsal_reminder")
    op.drop_table("rehearsal")
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opening_opening_time"))
    # A token's key, which the earlier version does not know: nothing opens it there.
    keys = sa.table("opening_key", sa.column("wrapped_private", sa.LargeBinary()))
    op.execute(keys.update().where(keys.c.wrapped_private.is_(None)).values(wrapped_private=b""))
    with op.batch_alter_table("opening_key", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_opening_key_heir_id_opening_key"), type_="foreignkey")
        batch_op.drop_constraint(op.f("ck_opening_key_kind"), type_="check")
        batch_op.alter_column("wrapped_private", existing_type=sa.LargeBinary(), nullable=False)
        batch_op.drop_column("inherited")
        batch_op.drop_column("heir_id")
        batch_op.drop_column("retired_at")
        batch_op.drop_column("kind")
