"""Accounts that were deleted: their rows stay, without the person, for what refers to them."""

from alembic import op

revision = "0016_account_deletion"
down_revision = "0015_moderation_names"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE users ADD COLUMN deleted_at timestamptz;
    CREATE INDEX users_deleted ON users (deleted_at) WHERE deleted_at IS NOT NULL;
    CREATE INDEX chat_messages_recipient ON chat_messages (recipient_id) WHERE recipient_id IS NOT NULL;
    """)


def downgrade() -> None:
    op.execute("""
    DROP INDEX chat_messages_recipient;
    ALTER TABLE users DROP COLUMN deleted_at;
    """)
