"""Moderation: a stream's sound can be taken away; cases are found by category; sanctions by room."""

from alembic import op

revision = "0013_moderation_effects"
down_revision = "0012_shows"
branch_labels = None
depends_on = None

_KINDS = (
    "ALTER TABLE moderation_sanctions ADD CONSTRAINT moderation_sanctions_kind_check CHECK (kind IN ({}))"
)


def upgrade() -> None:
    op.execute("ALTER TABLE moderation_sanctions DROP CONSTRAINT moderation_sanctions_kind_check")
    op.execute(
        _KINDS.format("'mute', 'shadow_mute', 'ban', 'product_down', 'stream_muted', 'stream_stopped'")
    )
    op.execute(
        "CREATE INDEX moderation_sanctions_room ON moderation_sanctions (room_id)"
        " WHERE lifted_at IS NULL AND room_id IS NOT NULL"
    )
    op.execute(
        "CREATE INDEX moderation_cases_findings ON moderation_cases USING gin (findings jsonb_path_ops)"
        " WHERE status = 'open'"
    )


def downgrade() -> None:
    op.execute("DROP INDEX moderation_cases_findings")
    op.execute("DROP INDEX moderation_sanctions_room")
    op.execute("DELETE FROM moderation_sanctions WHERE kind = 'stream_muted'")
    op.execute("ALTER TABLE moderation_sanctions DROP CONSTRAINT moderation_sanctions_kind_check")
    op.execute(_KINDS.format("'mute', 'shadow_mute', 'ban', 'product_down', 'stream_stopped'"))
