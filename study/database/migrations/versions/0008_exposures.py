"""That the one showing of a trial's pictures began: a table that begins empty."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "exposure",
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("look", sa.String(length=64), nullable=False),
        sa.Column("began_at", sa.DateTime(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["trial_id", "simulated"],
            ["trial.id", "trial.simulated"],
            name=op.f("fk_exposure_trial_id_simulated"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("trial_id", name=op.f("pk_exposure")),
    )


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("exposure")
