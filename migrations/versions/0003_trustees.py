"""Trustees: their keys, the platform's profile, their approvals"""

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trustee_key",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("wrapped_private", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rehearsed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('active', 'retired')", name=op.f("ck_trustee_key_state")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_trustee_key_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_trustee_key_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trustee_key")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_trustee_key_fingerprint")),
    )
    with op.batch_alter_table("trustee_key", schema=None) as batch_op:
        batch_op.create_index(
            op.f("ix_trustee_key_organisation_id"), ["organisation_id"], unique=False
        )
    op.create_table(
        "trust_setting",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column("trustees", sa.JSON(), nullable=False),
        sa.Column("set_by", sa.String(length=26), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "profile IN ('timekeeper', 'timekeeper+regulator', 'timekeeper+2of3')",
            name=op.f("ck_trust_setting_profile"),
        ),
        sa.ForeignKeyConstraint(
            ["set_by"], ["person.id"], name=op.f("fk_trust_setting_set_by_person")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_trust_setting")),
    )
    op.create_table(
        "trustee_approval",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("opening_id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["opening.id"], name=op.f("fk_trustee_approval_opening_id_opening")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_trustee_approval_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_trustee_approval_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trustee_approval")),
    )
    with op.batch_alter_table("trustee_approval", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_trustee_approval_opening_id"), ["opening_id"], unique=False)


def downgrade() -> None:
    op.drop_table("trustee_approval")
    op.drop_table("trust_setting")
    op.drop_table("trustee_key")
