"""Organisations of every role (design.md section 2)."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from guarantees.records.base import Base, Id, Instant, word

ROLES = (
    "supplier",  # 供应商
    "institution",  # 开函机构
    "procurer",  # 采购人
    "agency",  # 采购代理机构
    "trading_centre",  # 公共资源交易中心
    "regulator",  # 财政部门、金融监管部门
    "operator",  # 平台运营
    "association",  # 行业协会（受托人）
)
INSTITUTION_TYPES = ("bank", "insurer", "guarantee_company")
STATES = ("pending", "active", "suspended", "left", "refused")


class Organisation(Base):
    __tablename__ = "organisation"
    __table_args__ = (
        UniqueConstraint("credit_code", "role"),
        word("role", ROLES),
        word("institution_type", INSTITUTION_TYPES),
        word("state", STATES),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    credit_code: Mapped[str] = mapped_column(String(18))
    """Unified social credit code, GB 32100-2015, its check digit verified."""
    region: Mapped[str] = mapped_column(String(60))
    level: Mapped[str] = mapped_column(String(20), default="")
    """Regulators: province, city, county; empty for others."""
    institution_type: Mapped[str | None] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12))
    account: Mapped[str] = mapped_column(String(32), default="")
    """Supplier: basic account (基本账户); institution: account that receives premiums."""
    contact: Mapped[str] = mapped_column(String(200), default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Institution: address and signatory for its letters, date of acceptance (SX-3.2)."""
    demonstration: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
