"""How the checks of eyes and screen went; a database of before begins empty."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "screen_check",
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("correct", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "name IN ('plates', 'steps', 'window')", name=op.f("ck_screen_check_name")
        ),
        sa.CheckConstraint("correct BETWEEN 0 AND asked", name=op.f("ck_screen_check_correct")),
        sa.ForeignKeyConstraint(
            ["participant_id", "simulated"],
            ["participant.id", "participant.simulated"],
            name=op.f("fk_screen_check_participant_id_simulated"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("participant_id", "name", name=op.f("pk_screen_check")),
    )


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("screen_check")
