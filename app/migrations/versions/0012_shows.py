"""What a show is made of beside its products: a script and what came of it, dropped coupons, who is told of it."""

from alembic import op

revision = "0012_shows"
down_revision = "0011_commerce_depth"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE show_steps (
        id uuid PRIMARY KEY,
        room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
        position int NOT NULL CHECK (position > 0),
        title text NOT NULL CHECK (length(title) BETWEEN 1 AND 80),
        note text NOT NULL DEFAULT '',
        product_id uuid REFERENCES products,
        price_cents int CHECK (price_cents > 0),
        draw jsonb,
        UNIQUE (room_id, position) DEFERRABLE INITIALLY DEFERRED,
        CHECK (price_cents IS NULL OR product_id IS NOT NULL)
    );

    -- A step that was begun, as it was then; a step may be changed or taken away afterwards.
    CREATE TABLE show_moments (
        id uuid PRIMARY KEY,
        room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
        step_id uuid,
        position int NOT NULL,
        title text NOT NULL,
        note text NOT NULL,
        product_id uuid REFERENCES products,
        price_cents int,
        draw jsonb,
        began_at timestamptz NOT NULL
    );
    CREATE INDEX show_moments_room ON show_moments (room_id, began_at);

    -- Each claim makes a coupon of the claimant's own.
    CREATE TABLE coupon_drops (
        id uuid PRIMARY KEY,
        room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
        created_by uuid NOT NULL REFERENCES users,
        title text NOT NULL DEFAULT '',
        amount_cents int CHECK (amount_cents > 0),
        rate_bps int CHECK (rate_bps BETWEEN 1 AND 10000),
        threshold_cents int NOT NULL DEFAULT 0 CHECK (threshold_cents >= 0),
        currency text NOT NULL,
        quantity int NOT NULL CHECK (quantity > 0),
        claimed int NOT NULL DEFAULT 0 CHECK (claimed BETWEEN 0 AND quantity),
        created_at timestamptz NOT NULL,
        closes_at timestamptz NOT NULL CHECK (closes_at > created_at),
        valid_until timestamptz NOT NULL CHECK (valid_until >= closes_at),
        CHECK ((amount_cents IS NULL) <> (rate_bps IS NULL))
    );
    CREATE INDEX coupon_drops_room ON coupon_drops (room_id, created_at DESC);
    CREATE TABLE coupon_drop_claims (
        drop_id uuid NOT NULL REFERENCES coupon_drops ON DELETE CASCADE,
        user_id uuid NOT NULL REFERENCES users,
        coupon_id uuid NOT NULL REFERENCES coupons,
        claimed_at timestamptz NOT NULL,
        PRIMARY KEY (drop_id, user_id)
    );

    -- Browsers that asked to be told (RFC 8291): `p256dh` and `auth` as the browser gives them.
    CREATE TABLE push_subscriptions (
        endpoint text PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
        p256dh text NOT NULL,
        auth text NOT NULL,
        created_at timestamptz NOT NULL
    );
    CREATE INDEX push_subscriptions_user ON push_subscriptions (user_id);
    ALTER TABLE follows ADD COLUMN by_email boolean NOT NULL DEFAULT false;
    """)


def downgrade() -> None:
    op.execute("""
    ALTER TABLE follows DROP COLUMN by_email;
    DROP TABLE push_subscriptions, coupon_drop_claims, coupon_drops, show_moments, show_steps;
    """)
