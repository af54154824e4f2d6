"""How each pick was made, and who says to be a program; a database of before begins empty."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COUNTS = ("moves", "path_px", "direct_px", "jump_px", "press_ms", "early", "trap")


def upgrade() -> None:
    """Add the table and the column."""
    op.create_table(
        "trace",
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(16), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("webdriver", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=name == "press_ms") for name in COUNTS),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.CheckConstraint("by IN ('mouse', 'pen', 'touch', 'keys')", name=op.f("ck_trace_by")),
        sa.ForeignKeyConstraint(
            ["trial_id", "simulated"],
            ["trial.id", "trial.simulated"],
            name=op.f("fk_trace_trial_id_simulated"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("trial_id", name=op.f("pk_trace")),
    )
    op.add_column("participant", sa.Column("agent_at", sa.DateTime(), nullable=True))


def downgrade() -> None:
    """Drop both again."""
    op.drop_column("participant", "agent_at")
    op.drop_table("trace")
