"""What was registered before a version of a study began; a study of before has none."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "registration",
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("stored_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_registration_study_id")),
        sa.PrimaryKeyConstraint("study_id", name=op.f("pk_registration")),
    )


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("registration")
