"""Rooms, their product queues, pins, cues for the host, and what the host said."""

from alembic import op

revision = "0003_rooms"
down_revision = "0002_commerce"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE rooms (
        id uuid PRIMARY KEY,
        host_id uuid NOT NULL REFERENCES users,
        title text NOT NULL CHECK (length(title) BETWEEN 1 AND 80),
        description text NOT NULL DEFAULT '',
        cover_url text,
        status text NOT NULL DEFAULT 'scheduled' CHECK (status IN ('scheduled', 'live', 'ended')),
        pin_mode text NOT NULL DEFAULT 'auto' CHECK (pin_mode IN ('auto', 'suggest')),
        scheduled_at timestamptz,
        started_at timestamptz,
        ended_at timestamptz,
        created_at timestamptz NOT NULL
    );
    CREATE INDEX rooms_status ON rooms (status, started_at DESC);
    CREATE INDEX rooms_host ON rooms (host_id, created_at DESC);

    CREATE TABLE room_products (
        room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
        product_id uuid NOT NULL REFERENCES products,
        position int NOT NULL CHECK (position > 0),
        PRIMARY KEY (room_id, product_id),
        UNIQUE (room_id, position) DEFERRABLE INITIALLY DEFERRED
    );

    CREATE TABLE pins (
        id uuid PRIMARY KEY,
        room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
        product_id uuid NOT NULL REFERENCES products,
        source text NOT NULL CHECK (source IN ('auto', 'host')),
        evidence jsonb,
        pinned_at timestamptz NOT NULL,
        unpinned_at timestamptz,
        unpinned_by text CHECK (unpinned_by IN ('auto', 'host', 'end')),
        CHECK (unpinned_at >= pinned_at),
        CHECK ((unpinned_at IS NULL) = (unpinned_by IS NULL))
    );
    CREATE UNIQUE INDEX pins_current ON pins (room_id, product_id) WHERE unpinned_at IS NULL;
    CREATE INDEX pins_room ON pins (room_id, pinned_at);

    CREATE TABLE pin_suggestions (
        id uuid PRIMARY KEY,
        room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
        product_id uuid NOT NULL REFERENCES products,
        evidence jsonb NOT NULL,
        status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'accepted', 'dismissed')),
        created_at timestamptz NOT NULL,
        decided_at timestamptz
    );
    CREATE UNIQUE INDEX pin_suggestions_open ON pin_suggestions (room_id, product_id) WHERE status = 'open';

    CREATE TABLE transcript_segments (
        id uuid PRIMARY KEY,
        room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
        session text NOT NULL,
        text text NOT NULL,
        language text NOT NULL,
        start_s double precision NOT NULL,
        end_s double precision NOT NULL,
        created_at timestamptz NOT NULL
    );
    CREATE INDEX transcript_segments_room ON transcript_segments (room_id, created_at);

    -- While the host explains a product, in seconds of the stream: what replays and insights are cut from.
    CREATE TABLE explanations (
        id uuid PRIMARY KEY,
        room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
        product_id uuid NOT NULL REFERENCES products,
        session text NOT NULL,
        start_s double precision NOT NULL,
        end_s double precision NOT NULL CHECK (end_s >= start_s),
        segment_ids uuid[] NOT NULL,
        created_at timestamptz NOT NULL
    );
    CREATE INDEX explanations_room ON explanations (room_id, created_at);

    -- What the host was told: a promise that the shop does not hold, an action that was announced.
    CREATE TABLE cues (
        id uuid PRIMARY KEY,
        room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
        product_id uuid REFERENCES products,
        kind text NOT NULL,
        data jsonb NOT NULL,
        evidence jsonb NOT NULL,
        status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'applied', 'dismissed')),
        created_at timestamptz NOT NULL,
        decided_at timestamptz
    );
    CREATE INDEX cues_room ON cues (room_id, created_at);
    """)


def downgrade() -> None:
    op.execute(
        "DROP TABLE cues, explanations, transcript_segments, pin_suggestions, pins, room_products, rooms"
    )
