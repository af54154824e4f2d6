"""When a study was paused and resumed: a log, which a database of before begins empty."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "pause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_pause_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pause")),
    )


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("pause")
