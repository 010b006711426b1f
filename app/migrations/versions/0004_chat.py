"""Chat messages, each room's chat settings, likes."""

from alembic import op

revision = "0004_chat"
down_revision = "0003_rooms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE chat_messages (
        id uuid PRIMARY KEY,
        room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
        author_id uuid REFERENCES users,
        kind text NOT NULL CHECK (kind IN ('viewer', 'host', 'assistant', 'system')),
        text text NOT NULL CHECK (length(text) BETWEEN 1 AND 1000),
        reply_to uuid REFERENCES chat_messages ON DELETE SET NULL,
        mentions uuid[] NOT NULL DEFAULT '{}',
        recipient_id uuid REFERENCES users,
        client_id uuid NOT NULL,
        status text NOT NULL CHECK (status IN ('visible', 'held', 'deleted', 'rejected')),
        created_at timestamptz NOT NULL,
        deleted_at timestamptz,
        deleted_by uuid REFERENCES users,
        CHECK (author_id IS NOT NULL OR kind IN ('assistant', 'system')),
        CHECK ((status = 'deleted') = (deleted_at IS NOT NULL))
    );
    CREATE UNIQUE INDEX chat_messages_client ON chat_messages (author_id, client_id);
    CREATE UNIQUE INDEX chat_messages_answer ON chat_messages (client_id) WHERE kind = 'assistant';
    CREATE INDEX chat_messages_history ON chat_messages (room_id, id DESC)
        WHERE status = 'visible' AND recipient_id IS NULL;
    CREATE INDEX chat_messages_words ON chat_messages USING gin (text gin_trgm_ops);

    CREATE TABLE chat_settings (
        room_id uuid PRIMARY KEY REFERENCES rooms ON DELETE CASCADE,
        slow_mode_s int NOT NULL DEFAULT 0 CHECK (slow_mode_s BETWEEN 0 AND 3600),
        audience text NOT NULL DEFAULT 'everyone' CHECK (audience IN ('everyone', 'followers', 'members')),
        muted_words text[] NOT NULL DEFAULT '{}',
        pinned_message_id uuid REFERENCES chat_messages ON DELETE SET NULL
    );

    CREATE TABLE room_likes (
        room_id uuid PRIMARY KEY REFERENCES rooms ON DELETE CASCADE,
        likes bigint NOT NULL CHECK (likes >= 0)
    );
    """)


def downgrade() -> None:
    op.execute("DROP TABLE room_likes, chat_settings, chat_messages")
