"""Whether the only picture of a trial was called real: a column that is empty for all of before."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("pick") as table:
        table.add_column(sa.Column("called_real", sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Drop it again."""
    with op.batch_alter_table("pick") as table:
        table.drop_column("called_real")
