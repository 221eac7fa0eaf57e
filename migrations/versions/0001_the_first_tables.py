"""The first tables"""

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "draft",
        sa.Column("id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=60), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("ix_event_subject", ["subject", "at"], unique=False)

    op.create_table(
        "exposure_book",
        sa.Column("institution_id", sa.String(length=26), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("institution_id", name=op.f("pk_exposure_book")),
    )
    op.create_table(
        "idempotency",
        sa.Column("id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency")),
    )
    op.create_table(
        "log_leaf",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("index", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_leaf")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("region", sa.String(length=60), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("institution_type", sa.String(length=20), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "institution_type IN ('bank', 'insurer', 'guarantee_company')",
            name=op.f("ck_organisation_institution_type"),
        ),
        sa.CheckConstraint(
            "role IN ('supplier', 'institution', 'procurer', 'agency', 'trading_centre', 'regulator', 'operator', 'association')",
            name=op.f("ck_organisation_role"),
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'active', 'suspended', 'left', 'refused')",
            name=op.f("ck_organisation_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("credit_code", "role", name=op.f("uq_organisation_credit_code_role")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_done"), ["done"], unique=False)

    op.create_table(
        "payment_notice",
        sa.Column("id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_notice")),
    )
    op.create_table(
        "platform",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "mode IN ('demonstration', 'production')", name=op.f("ck_platform_mode")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform")),
    )
    op.create_table(
        "sealed_case",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Boolean(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_case")),
    )
    op.create_table(
        "sealed_index",
        sa.Column("tag", sa.LargeBinary(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("tag", name=op.f("pk_sealed_index")),
    )
    op.create_table(
        "web_session",
        sa.Column("id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_session")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("mail", sa.String(length=200), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'disabled')", name=op.f("ck_person_state")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_person_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("login", name=op.f("uq_person_login")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_person_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "project",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source_system", sa.String(length=60), nullable=False),
        sa.Column("source_id", sa.String(length=100), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("current", sa.Integer(), nullable=False),
        sa.Column("entered_by", sa.String(length=26), nullable=False),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'registered', 'ended')", name=op.f("ck_project_state")
        ),
        sa.ForeignKeyConstraint(
            ["entered_by"], ["organisation.id"], name=op.f("fk_project_entered_by_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint(
            "source_system", "number", name=op.f("uq_project_source_system_number")
        ),
        sa.UniqueConstraint(
            "source_system", "source_id", name=op.f("uq_project_source_system_source_id")
        ),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("mail", sa.String(length=200), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("invited_by", sa.String(length=26), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_by", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(
            ["accepted_by"], ["person.id"], name=op.f("fk_invitation_accepted_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["person.id"], name=op.f("fk_invitation_invited_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_invitation_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_invitation_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "lot",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("project_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_lot_project_id_project")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_lot_project_id_number")),
    )
    with op.batch_alter_table("lot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lot_project_id"), ["project_id"], unique=False)

    op.create_table(
        "mandate",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("project_id", sa.String(length=26), nullable=False),
        sa.Column("procurer_id", sa.String(length=26), nullable=False),
        sa.Column("agency_id", sa.String(length=26), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("granted_by", sa.String(length=26), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["organisation.id"], name=op.f("fk_mandate_agency_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["granted_by"], ["person.id"], name=op.f("fk_mandate_granted_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["procurer_id"], ["organisation.id"], name=op.f("fk_mandate_procurer_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_mandate_project_id_project")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate")),
        sa.UniqueConstraint(
            "project_id", "agency_id", name=op.f("uq_mandate_project_id_agency_id")
        ),
    )
    with op.batch_alter_table("mandate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mandate_agency_id"), ["agency_id"], unique=False)

    op.create_table(
        "opening_key",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("wrapped_private", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('active', 'retired')", name=op.f("ck_opening_key_state")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_opening_key_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_opening_key_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_key")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_opening_key_fingerprint")),
    )
    with op.batch_alter_table("opening_key", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_opening_key_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "policy",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("institution_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ceiling_fen", sa.BigInteger(), nullable=False),
        sa.Column("supplier_ceiling_fen", sa.BigInteger(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("consortium", sa.Boolean(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_by", sa.String(length=26), nullable=False),
        sa.Column("approved_by", sa.String(length=26), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'refused', 'withdrawn')",
            name=op.f("ck_policy_state"),
        ),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["person.id"], name=op.f("fk_policy_approved_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["organisation.id"],
            name=op.f("fk_policy_institution_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["person.id"], name=op.f("fk_policy_proposed_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
        sa.UniqueConstraint(
            "institution_id", "number", name=op.f("uq_policy_institution_id_number")
        ),
    )
    with op.batch_alter_table("policy", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_policy_institution_id"), ["institution_id"], unique=False
        )

    op.create_table(
        "product",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("series", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("form", sa.String(length=12), nullable=False),
        sa.Column("rate_ppm", sa.Integer(), nullable=False),
        sa.Column("minimum_fen", sa.BigInteger(), nullable=False),
        sa.Column("ceiling_fen", sa.BigInteger(), nullable=False),
        sa.Column("regions", sa.JSON(), nullable=False),
        sa.Column("minutes_to_issue", sa.Integer(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("consortium", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("published_by", sa.String(length=26), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("form IN ('independent', 'accessory')", name=op.f("ck_product_form")),
        sa.CheckConstraint(
            "kind IN ('bid', 'performance', 'quality', 'advance_payment', 'market_entry')",
            name=op.f("ck_product_kind"),
        ),
        sa.CheckConstraint("state IN ('published', 'withdrawn')", name=op.f("ck_product_state")),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["organisation.id"],
            name=op.f("fk_product_institution_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["published_by"], ["person.id"], name=op.f("fk_product_published_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("series", "number", name=op.f("uq_product_series_number")),
    )
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_product_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_product_series"), ["series"], unique=False)

    op.create_table(
        "project_version",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("project_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("method", sa.String(length=60), nullable=True),
        sa.Column("category", sa.String(length=12), nullable=True),
        sa.Column("region", sa.String(length=100), nullable=True),
        sa.Column("procurer_name", sa.String(length=300), nullable=True),
        sa.Column("procurer_id", sa.String(length=26), nullable=True),
        sa.Column("agency_name", sa.String(length=300), nullable=True),
        sa.Column("agency_id", sa.String(length=26), nullable=True),
        sa.Column("budget_fen", sa.BigInteger(), nullable=True),
        sa.Column("deposit_fen", sa.BigInteger(), nullable=True),
        sa.Column("deposit_forms", sa.Text(), nullable=True),
        sa.Column("guarantee_accepted", sa.String(length=10), nullable=False),
        sa.Column("guarantee_quote", sa.Text(), nullable=True),
        sa.Column("basic_account_demanded", sa.Boolean(), nullable=False),
        sa.Column("bid_validity_days", sa.Integer(), nullable=True),
        sa.Column("submission_deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opening_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("lots", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=26), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "category IN ('goods', 'services', 'works')", name=op.f("ck_project_version_category")
        ),
        sa.CheckConstraint(
            "guarantee_accepted IN ('yes', 'no', 'unknown')",
            name=op.f("ck_project_version_guarantee_accepted"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["organisation.id"],
            name=op.f("fk_project_version_agency_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["made_by"], ["person.id"], name=op.f("fk_project_version_made_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["procurer_id"],
            ["organisation.id"],
            name=op.f("fk_project_version_procurer_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_project_version_project_id_project")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_version")),
        sa.UniqueConstraint(
            "project_id", "number", name=op.f("uq_project_version_project_id_number")
        ),
    )
    with op.batch_alter_table("project_version", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_project_version_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "guarantee_case",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("form", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("lot_id", sa.String(length=26), nullable=False),
        sa.Column("supplier_id", sa.String(length=26), nullable=False),
        sa.Column("institution_id", sa.String(length=26), nullable=False),
        sa.Column("lead_name", sa.String(length=200), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "form IN ('independent', 'accessory')", name=op.f("ck_guarantee_case_form")
        ),
        sa.CheckConstraint(
            "kind IN ('bid', 'performance', 'quality', 'advance_payment', 'market_entry')",
            name=op.f("ck_guarantee_case_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('submitted', 'in_review', 'returned', 'awaiting_payment', 'issuing', 'issued', 'declined', 'withdrawn', 'lapsed')",
            name=op.f("ck_guarantee_case_state"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["organisation.id"],
            name=op.f("fk_guarantee_case_institution_id_organisation"),
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_guarantee_case_lot_id_lot")),
        sa.ForeignKeyConstraint(
            ["supplier_id"],
            ["organisation.id"],
            name=op.f("fk_guarantee_case_supplier_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guarantee_case")),
    )
    with op.batch_alter_table("guarantee_case", schema=None) as batch_op:
        batch_op.create_index(
            "ix_guarantee_case_institution",
            ["institution_id", "submitted_at", "id", "state", "lead_name", "lot_id", "reference"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_guarantee_case_lot_id"), ["lot_id"], unique=False)
        batch_op.create_index(
            "ix_guarantee_case_supplier",
            ["supplier_id", "submitted_at", "id", "state", "lead_name", "lot_id", "reference"],
            unique=False,
        )

    op.create_table(
        "opening",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("lot_id", sa.String(length=26), nullable=False),
        sa.Column("opening_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('sealed', 'opening', 'opened', 'ended')", name=op.f("ck_opening_state")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_opening_lot_id_lot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening")),
        sa.UniqueConstraint("lot_id", name=op.f("uq_opening_lot_id")),
    )
    op.create_table(
        "guarantee",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "state IN ('in_force', 'released', 'expired')", name=op.f("ck_guarantee_state")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["guarantee_case.id"], name=op.f("fk_guarantee_case_id_guarantee_case")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_guarantee")),
        sa.UniqueConstraint("number", name=op.f("uq_guarantee_number")),
    )
    op.create_table(
        "letter",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("eid", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("certificate", sa.LargeBinary(length=32), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file", sa.String(length=60), nullable=False),
        sa.CheckConstraint("state IN ('sealed', 'opened', 'broken')", name=op.f("ck_letter_state")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["guarantee_case.id"], name=op.f("fk_letter_case_id_guarantee_case")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_letter")),
        sa.UniqueConstraint("eid", name=op.f("uq_letter_eid")),
    )
    op.create_table(
        "opening_result",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("opening_id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('verified', 'fails', 'not_opened')", name=op.f("ck_opening_result_verdict")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["guarantee_case.id"],
            name=op.f("fk_opening_result_case_id_guarantee_case"),
        ),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["opening.id"], name=op.f("fk_opening_result_opening_id_opening")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_result")),
        sa.UniqueConstraint(
            "opening_id", "case_id", name=op.f("uq_opening_result_opening_id_case_id")
        ),
    )
    op.create_table(
        "payment",
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("received_fen", sa.BigInteger(), nullable=True),
        sa.Column("payer_account", sa.String(length=32), nullable=False),
        sa.Column("payee_account", sa.String(length=32), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bank_reference", sa.String(length=100), nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "state IN ('ordered', 'settled', 'failed', 'mismatched')", name=op.f("ck_payment_state")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["guarantee_case.id"], name=op.f("fk_payment_case_id_guarantee_case")
        ),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_payment")),
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_case_id"), ["case_id"], unique=False)

    op.create_table(
        "posting",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("entry", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("clause", sa.String(length=40), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["guarantee_case.id"], name=op.f("fk_posting_case_id_guarantee_case")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
        sa.UniqueConstraint("entry", "account", name=op.f("uq_posting_entry_account")),
    )
    with op.batch_alter_table("posting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_posting_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_posting_case_id"), ["case_id"], unique=False)

    op.create_table(
        "terms_version",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("canonical", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["guarantee_case.id"], name=op.f("fk_terms_version_case_id_guarantee_case")
        ),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_terms_version")),
    )


def downgrade() -> None:

    op.drop_table("terms_version")
    with op.batch_alter_table("posting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_posting_case_id"))
        batch_op.drop_index(batch_op.f("ix_posting_account"))

    op.drop_table("posting")
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payment_case_id"))

    op.drop_table("payment")
    op.drop_table("opening_result")
    op.drop_table("letter")
    op.drop_table("guarantee")
    op.drop_table("opening")
    with op.batch_alter_table("guarantee_case", schema=None) as batch_op:
        batch_op.drop_index("ix_guarantee_case_supplier")
        batch_op.drop_index(batch_op.f("ix_guarantee_case_lot_id"))
        batch_op.drop_index("ix_guarantee_case_institution")

    op.drop_table("guarantee_case")
    with op.batch_alter_table("project_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_project_version_project_id"))

    op.drop_table("project_version")
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_product_series"))
        batch_op.drop_index(batch_op.f("ix_product_institution_id"))

    op.drop_table("product")
    with op.batch_alter_table("policy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_policy_institution_id"))

    op.drop_table("policy")
    with op.batch_alter_table("opening_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opening_key_organisation_id"))

    op.drop_table("opening_key")
    with op.batch_alter_table("mandate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mandate_agency_id"))

    op.drop_table("mandate")
    with op.batch_alter_table("lot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lot_project_id"))

    op.drop_table("lot")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitation_organisation_id"))

    op.drop_table("invitation")
    op.drop_table("project")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_organisation_id"))

    op.drop_table("person")
    op.drop_table("web_session")
    op.drop_table("sealed_index")
    op.drop_table("sealed_case")
    op.drop_table("platform")
    op.drop_table("payment_notice")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_done"))

    op.drop_table("outbox")
    op.drop_table("organisation")
    op.drop_table("log_leaf")
    op.drop_table("idempotency")
    op.drop_table("exposure_book")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index("ix_event_subject")

    op.drop_table("event")
    op.drop_table("draft")
