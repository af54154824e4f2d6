"""The first schema: study, participant, trial, slot, pick, rating."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the six tables."""
    op.create_table(
        "study",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
        sa.UniqueConstraint("digest", name=op.f("uq_study_digest")),
    )
    op.create_table(
        "participant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=True),
        sa.Column("recruiter_id", sa.String(length=100), nullable=True),
        sa.Column("recruiter_study", sa.String(length=100), nullable=True),
        sa.Column("recruiter_session", sa.String(length=100), nullable=True),
        sa.Column("list_number", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("consent_version", sa.String(length=64), nullable=False),
        sa.Column("consented_at", sa.DateTime(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(), nullable=False),
        sa.Column("completed_at", sa.DateTime(), nullable=True),
        sa.Column("completion_code", sa.String(length=32), nullable=True),
        sa.Column("excluded", sa.Text(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "status IN ('started', 'completed')", name=op.f("ck_participant_status")
        ),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_participant_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        sa.UniqueConstraint("completion_code", name=op.f("uq_participant_completion_code")),
        sa.UniqueConstraint("id", "simulated", name=op.f("uq_participant_id_simulated")),
        sa.UniqueConstraint("public_id", name=op.f("uq_participant_public_id")),
        sa.UniqueConstraint(
            "study_id", "recruiter_id", name=op.f("uq_participant_study_id_recruiter_id")
        ),
        sa.UniqueConstraint(
            "study_id", "token_sha256", name=op.f("uq_participant_study_id_token_sha256")
        ),
    )
    op.create_index(
        op.f("ix_participant_study_id_list_number"),
        "participant",
        ["study_id", "list_number"],
        unique=False,
    )
    op.create_table(
        "trial",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("picture", sa.String(length=200), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=True),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('practice', 'scored', 'catch', 'repeat')", name=op.f("ck_trial_kind")
        ),
        sa.CheckConstraint("position >= 1", name=op.f("ck_trial_position")),
        sa.ForeignKeyConstraint(
            ["participant_id", "simulated"],
            ["participant.id", "participant.simulated"],
            name=op.f("fk_trial_participant_id_simulated"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial")),
        sa.UniqueConstraint("id", "simulated", name=op.f("uq_trial_id_simulated")),
        sa.UniqueConstraint(
            "participant_id", "position", name=op.f("uq_trial_participant_id_position")
        ),
        sa.UniqueConstraint("token", name=op.f("uq_trial_token")),
    )
    op.create_table(
        "slot",
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=100), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.CheckConstraint("slot >= 1", name=op.f("ck_slot_slot")),
        sa.ForeignKeyConstraint(
            ["trial_id", "simulated"],
            ["trial.id", "trial.simulated"],
            name=op.f("fk_slot_trial_id_simulated"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("trial_id", "slot", name=op.f("pk_slot")),
        sa.UniqueConstraint("trial_id", "method", name=op.f("uq_slot_trial_id_method")),
        sa.UniqueConstraint(
            "trial_id", "slot", "simulated", name=op.f("uq_slot_trial_id_slot_simulated")
        ),
    )
    op.create_table(
        "pick",
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("response_ms", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.CheckConstraint("response_ms BETWEEN 0 AND 3600000", name=op.f("ck_pick_response_ms")),
        sa.ForeignKeyConstraint(
            ["trial_id", "slot", "simulated"],
            ["slot.trial_id", "slot.slot", "slot.simulated"],
            name=op.f("fk_pick_trial_id_slot_simulated"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("trial_id", name=op.f("pk_pick")),
    )
    op.create_table(
        "rating",
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("scale", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.CheckConstraint("scale IN ('realism', 'quality')", name=op.f("ck_rating_scale")),
        sa.CheckConstraint("value BETWEEN 1 AND 5", name=op.f("ck_rating_value")),
        sa.ForeignKeyConstraint(
            ["trial_id", "slot", "simulated"],
            ["slot.trial_id", "slot.slot", "slot.simulated"],
            name=op.f("fk_rating_trial_id_slot_simulated"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("trial_id", "slot", "scale", name=op.f("pk_rating")),
    )


def downgrade() -> None:
    """Drop the six tables, the dependent ones first."""
    for table in ("rating", "pick", "slot", "trial", "participant", "study"):
        op.drop_table(table)
