"""What the audience saw and did, and how many were there."""

from alembic import op

revision = "0009_insights"
down_revision = "0008_refunds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE audience_events (
        id uuid PRIMARY KEY,
        room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
        subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 64),
        kind text NOT NULL CHECK (kind IN ('seen', 'card_shown', 'card_clicked', 'sku_chosen')),
        product_id uuid REFERENCES products,
        source text NOT NULL DEFAULT '',
        at timestamptz NOT NULL,
        CHECK ((kind = 'seen') = (product_id IS NULL))
    );
    CREATE INDEX audience_events_room ON audience_events (room_id, product_id, at);

    CREATE TABLE room_samples (
        room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
        at timestamptz NOT NULL,
        viewers int NOT NULL CHECK (viewers >= 0),
        likes bigint NOT NULL CHECK (likes >= 0),
        PRIMARY KEY (room_id, at)
    );
    """)


def downgrade() -> None:
    op.execute("DROP TABLE room_samples, audience_events")
