"""Room prices, flash sales, coupons and shipping fees."""

from alembic import op

revision = "0007_promotions"
down_revision = "0006_assistant"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE room_prices (
        room_id uuid NOT NULL,
        sku_id uuid NOT NULL REFERENCES skus,
        price_cents integer NOT NULL CHECK (price_cents BETWEEN 1 AND 100000000),
        PRIMARY KEY (room_id, sku_id)
    );

    CREATE TABLE flash_sales (
        id uuid PRIMARY KEY,
        sku_id uuid NOT NULL REFERENCES skus,
        room_id uuid,
        price_cents integer NOT NULL CHECK (price_cents BETWEEN 1 AND 100000000),
        quantity integer NOT NULL CHECK (quantity > 0),
        per_buyer integer NOT NULL CHECK (per_buyer > 0),
        sold integer NOT NULL DEFAULT 0,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
        CONSTRAINT flash_sales_not_oversold CHECK (sold BETWEEN 0 AND quantity)
    );
    CREATE INDEX flash_sales_of_sku ON flash_sales (sku_id, ends_at);

    CREATE TABLE coupons (
        id uuid PRIMARY KEY,
        code text NOT NULL UNIQUE CHECK (code ~ '^[A-Z0-9-]{3,32}$'),
        amount_cents integer CHECK (amount_cents > 0),
        rate_bps integer CHECK (rate_bps BETWEEN 1 AND 10000),
        max_discount_cents integer CHECK (max_discount_cents > 0),
        threshold_cents integer NOT NULL DEFAULT 0 CHECK (threshold_cents >= 0),
        currency text NOT NULL,
        room_id uuid,
        funded_by text NOT NULL CHECK (funded_by IN ('platform', 'merchant')),
        total_limit integer CHECK (total_limit > 0),
        per_buyer integer NOT NULL CHECK (per_buyer > 0),
        used integer NOT NULL DEFAULT 0 CHECK (used >= 0),
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
        CONSTRAINT coupons_fixed_or_rate CHECK ((amount_cents IS NULL) <> (rate_bps IS NULL)),
        CONSTRAINT coupons_not_overused CHECK (total_limit IS NULL OR used <= total_limit)
    );

    CREATE TABLE promotion_uses (
        order_id uuid NOT NULL REFERENCES orders,
        buyer_id uuid NOT NULL,
        flash_sale_id uuid REFERENCES flash_sales,
        coupon_id uuid REFERENCES coupons,
        quantity integer NOT NULL CHECK (quantity > 0),
        released boolean NOT NULL DEFAULT false,
        CONSTRAINT promotion_uses_of_one CHECK ((flash_sale_id IS NULL) <> (coupon_id IS NULL))
    );
    CREATE INDEX promotion_uses_of_order ON promotion_uses (order_id);
    CREATE INDEX promotion_uses_of_sale ON promotion_uses (flash_sale_id, buyer_id) WHERE NOT released;
    CREATE INDEX promotion_uses_of_coupon ON promotion_uses (coupon_id, buyer_id) WHERE NOT released;

    CREATE TABLE shipping_fees (
        currency text PRIMARY KEY,
        fee_cents integer NOT NULL CHECK (fee_cents >= 0),
        free_from_cents integer CHECK (free_from_cents >= 0)
    );

    ALTER TABLE orders ADD COLUMN platform_discount_cents bigint NOT NULL DEFAULT 0;
    ALTER TABLE orders ADD CONSTRAINT orders_platform_pays_part
        CHECK (platform_discount_cents BETWEEN 0 AND discount_cents);
    """)


def downgrade() -> None:
    op.execute("""
    ALTER TABLE orders DROP COLUMN platform_discount_cents;
    DROP TABLE shipping_fees, promotion_uses, coupons, flash_sales, room_prices;
    """)
