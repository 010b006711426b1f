"""What the audience does: chat, likes, follows, red packets, fortune bags, polls."""

from alembic import op

revision = "0004_chat"
down_revision = "0003_rooms"
branch_labels = None
depends_on = None

CHAT = """
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

CREATE TABLE follows (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    host_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, host_id),
    CHECK (user_id <> host_id)
);
CREATE INDEX follows_host ON follows (host_id, created_at);
"""

DRAWS = """
CREATE TABLE red_packets (
    id uuid PRIMARY KEY,
    room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    created_by uuid NOT NULL REFERENCES users,
    total_cents bigint NOT NULL,
    shares int NOT NULL CHECK (shares BETWEEN 1 AND 10000),
    currency text NOT NULL,
    greeting text NOT NULL DEFAULT '',
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'empty', 'expired')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    ended_at timestamptz,
    CHECK (total_cents >= shares),
    CHECK ((status = 'open') = (ended_at IS NULL))
);
CREATE INDEX red_packets_room ON red_packets (room_id, created_at DESC);

CREATE TABLE red_packet_shares (
    packet_id uuid NOT NULL REFERENCES red_packets ON DELETE CASCADE,
    position int NOT NULL,
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    user_id uuid REFERENCES users,
    claimed_at timestamptz,
    PRIMARY KEY (packet_id, position),
    CONSTRAINT red_packet_one_each UNIQUE (packet_id, user_id),
    CHECK ((user_id IS NULL) = (claimed_at IS NULL))
);
CREATE INDEX red_packet_shares_left ON red_packet_shares (packet_id, position) WHERE user_id IS NULL;

CREATE TABLE fortune_bags (
    id uuid PRIMARY KEY,
    room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    created_by uuid NOT NULL REFERENCES users,
    prize text NOT NULL CHECK (length(prize) BETWEEN 1 AND 80),
    winners int NOT NULL CHECK (winners BETWEEN 1 AND 1000),
    entry text NOT NULL CHECK (entry IN ('join', 'comment', 'follow', 'watch')),
    words text NOT NULL DEFAULT '',
    watch_s int NOT NULL DEFAULT 0 CHECK (watch_s BETWEEN 0 AND 86400),
    commitment text NOT NULL CHECK (length(commitment) = 64),
    seed bytea NOT NULL CHECK (length(seed) = 32),
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'drawn')),
    created_at timestamptz NOT NULL,
    draws_at timestamptz NOT NULL CHECK (draws_at > created_at),
    drawn_at timestamptz,
    CHECK ((status = 'drawn') = (drawn_at IS NOT NULL))
);
CREATE INDEX fortune_bags_room ON fortune_bags (room_id, created_at DESC);

CREATE TABLE fortune_entries (
    bag_id uuid NOT NULL REFERENCES fortune_bags ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users,
    ticket uuid NOT NULL UNIQUE,
    entered_at timestamptz NOT NULL,
    place int CHECK (place > 0),
    PRIMARY KEY (bag_id, user_id),
    UNIQUE (bag_id, place)
);

CREATE TABLE polls (
    id uuid PRIMARY KEY,
    room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    created_by uuid NOT NULL REFERENCES users,
    question text NOT NULL CHECK (length(question) BETWEEN 1 AND 120),
    options text[] NOT NULL CHECK (cardinality(options) BETWEEN 2 AND 8),
    created_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL CHECK (closes_at > created_at)
);
CREATE INDEX polls_room ON polls (room_id, created_at DESC);

CREATE TABLE poll_votes (
    poll_id uuid NOT NULL REFERENCES polls ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users,
    option int NOT NULL CHECK (option >= 0),
    voted_at timestamptz NOT NULL,
    PRIMARY KEY (poll_id, user_id)
);
"""


def upgrade() -> None:
    op.execute(CHAT)
    op.execute(DRAWS)


def downgrade() -> None:
    op.execute(
        """DROP TABLE poll_votes, polls, fortune_entries, fortune_bags, red_packet_shares, red_packets,
           follows, room_likes, chat_settings, chat_messages"""
    )
