"""Administrators' sessions and attempts to log in, which were in the memory of one process."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "admin_session",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_admin_session")),
    )
    op.create_table(
        "login_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("slow_at", sa.DateTime(), nullable=True),
        sa.Column("wrong", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempt")),
    )
    op.create_index(op.f("ix_login_attempt_who"), "login_attempt", ["who"])


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("login_attempt")
    op.drop_table("admin_session")
