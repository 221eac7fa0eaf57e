"""How institutions adapt their letters: logo, seal, additional clauses"""

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "letter_design",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("institution_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("clauses", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(length=26), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_by", sa.String(length=26), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["organisation.id"],
            name=op.f("fk_letter_design_institution_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["made_by"], ["person.id"], name=op.f("fk_letter_design_made_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["used_by"], ["person.id"], name=op.f("fk_letter_design_used_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_design")),
        sa.UniqueConstraint(
            "institution_id", "number", name=op.f("uq_letter_design_institution_id_number")
        ),
    )


def downgrade() -> None:
    op.drop_table("letter_design")
