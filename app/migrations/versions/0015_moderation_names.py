"""Moderation: which names were asked for, kept a day, for trying out a policy."""

from alembic import op

revision = "0015_moderation_names"
down_revision = "0014_moderation_evidence"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE moderation_names (
        kind text NOT NULL CHECK (kind IN ('user', 'room_title')),
        text text NOT NULL,
        asked_at timestamptz NOT NULL,
        PRIMARY KEY (kind, text)
    );
    CREATE INDEX moderation_names_asked_at ON moderation_names (asked_at);
    """)


def downgrade() -> None:
    op.execute("DROP TABLE moderation_names")
