"""Who was excluded by a person, when and why: a log, which a database of before begins empty."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "exclusion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id", "simulated"],
            ["participant.id", "participant.simulated"],
            name=op.f("fk_exclusion_participant_id_simulated"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exclusion")),
    )
    op.create_index(op.f("ix_exclusion_participant_id"), "exclusion", ["participant_id"])


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("exclusion")
