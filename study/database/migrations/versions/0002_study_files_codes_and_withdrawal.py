"""Study files, access codes, withdrawal, exposure; everything that is stored stays as it is.

Who is in the database already gets a withdrawal code, which they read at the foot of the page when
they come back.
"""

import sqlalchemy as sa
from alembic import op

from study.protocol.codes import new_code

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables and four columns."""
    op.create_table(
        "access_code",
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_access_code")),
    )
    op.create_table(
        "withdrawal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_withdrawal_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal")),
    )
    with op.batch_alter_table("study") as table:
        table.add_column(sa.Column("file", sa.Text(), nullable=True))
    with op.batch_alter_table("participant") as table:
        table.add_column(sa.Column("access_code", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("withdrawal_code", sa.String(length=32), nullable=True))
        table.create_unique_constraint(
            op.f("uq_participant_study_id_access_code"), ["study_id", "access_code"]
        )
        table.create_unique_constraint(op.f("uq_participant_withdrawal_code"), ["withdrawal_code"])
    with op.batch_alter_table("pick") as table:
        table.add_column(sa.Column("exposure_ms", sa.Integer(), nullable=True))
        table.create_check_constraint(
            op.f("ck_pick_exposure_ms"), "exposure_ms BETWEEN 0 AND 3600000"
        )

    participant = sa.table(
        "participant",
        sa.column("id", sa.Integer),
        sa.column("simulated", sa.Boolean),
        sa.column("withdrawal_code", sa.String),
    )
    connection = op.get_bind()
    people = sa.select(participant.c.id).where(sa.not_(participant.c.simulated))
    for person in connection.scalars(people).all():
        connection.execute(
            participant.update()
            .where(participant.c.id == person)
            .values(withdrawal_code=new_code())
        )


def downgrade() -> None:
    """Drop them again."""
    with op.batch_alter_table("pick") as table:
        table.drop_constraint(op.f("ck_pick_exposure_ms"), type_="check")
        table.drop_column("exposure_ms")
    with op.batch_alter_table("participant") as table:
        table.drop_constraint(op.f("uq_participant_withdrawal_code"), type_="unique")
        table.drop_constraint(op.f("uq_participant_study_id_access_code"), type_="unique")
        table.drop_column("withdrawal_code")
        table.drop_column("access_code")
    with op.batch_alter_table("study") as table:
        table.drop_column("file")
    op.drop_table("withdrawal")
    op.drop_table("access_code")
