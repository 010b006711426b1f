"""The shop: catalogue, stock, addresses, orders, payments, refunds and the ledger."""

from alembic import op

revision = "0002_commerce"
down_revision = "0001_core"
branch_labels = None
depends_on = None

CATALOGUE = """
CREATE TABLE products (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name text NOT NULL CHECK (name <> ''),
    name_en text NOT NULL DEFAULT '',
    category text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    image_url text,
    status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'on_sale', 'withdrawn')),
    attributes json NOT NULL DEFAULT '{}',  -- json, not jsonb: the merchant's order of attributes is kept
    aliases text[] NOT NULL DEFAULT '{}',
    tags text[] NOT NULL DEFAULT '{}',
    faq json NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX products_by_age ON products (created_at DESC, id DESC);

CREATE TABLE skus (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES products,
    code text NOT NULL UNIQUE CHECK (code <> ''),
    name text NOT NULL DEFAULT '',
    options json NOT NULL DEFAULT '{}',
    price_cents integer NOT NULL CHECK (price_cents BETWEEN 1 AND 100000000),
    list_price_cents integer NOT NULL CHECK (list_price_cents >= price_cents),
    currency text NOT NULL DEFAULT 'CNY' CHECK (currency ~ '^[A-Z]{3}$'),
    weight_g integer NOT NULL DEFAULT 0 CHECK (weight_g >= 0),
    position integer NOT NULL DEFAULT 0,
    active boolean NOT NULL DEFAULT true
);
CREATE INDEX skus_of_product ON skus (product_id, position);

CREATE TABLE shop_policies (
    title text PRIMARY KEY CHECK (title <> ''),
    body text NOT NULL CHECK (body <> ''),
    position integer NOT NULL
);
"""

STOCK = """
CREATE TABLE stock (
    sku_id uuid PRIMARY KEY REFERENCES skus,
    on_hand integer NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
    reserved integer NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    CONSTRAINT stock_not_oversold CHECK (reserved <= on_hand)
) WITH (fillfactor = 50);

CREATE TABLE stock_movements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku_id uuid NOT NULL REFERENCES skus,
    kind text NOT NULL CHECK (kind IN ('receive', 'adjust', 'reserve', 'release', 'sell', 'restock')),
    on_hand_delta integer NOT NULL,
    reserved_delta integer NOT NULL,
    order_id uuid,
    reason text NOT NULL DEFAULT '',
    actor text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX stock_movements_of_sku ON stock_movements (sku_id, id);
"""

ORDERS = """
CREATE TABLE addresses (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    sealed bytea NOT NULL,
    is_default boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL
);
CREATE INDEX addresses_of_user ON addresses (user_id, created_at);
CREATE UNIQUE INDEX addresses_one_default ON addresses (user_id) WHERE is_default;

CREATE SEQUENCE order_numbers;

CREATE TABLE orders (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    buyer_id uuid NOT NULL,
    buyer_name text NOT NULL,
    room_id uuid,
    status text NOT NULL CHECK (status IN ('pending_payment', 'paid', 'shipped', 'completed',
                                           'cancelled', 'expired', 'refunding', 'refunded')),
    currency text NOT NULL,
    items_cents bigint NOT NULL CHECK (items_cents >= 0),
    discount_cents bigint NOT NULL DEFAULT 0 CHECK (discount_cents BETWEEN 0 AND items_cents),
    shipping_cents bigint NOT NULL DEFAULT 0 CHECK (shipping_cents >= 0),
    total_cents bigint NOT NULL CHECK (total_cents > 0),
    refunded_cents bigint NOT NULL DEFAULT 0,
    address_sealed bytea,
    note text NOT NULL DEFAULT '',
    idempotency_key text NOT NULL,
    request_hash bytea NOT NULL,
    explanation json NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    paid_at timestamptz,
    shipped_at timestamptz,
    completed_at timestamptz,
    closed_at timestamptz,
    carrier text,
    tracking text,
    CONSTRAINT orders_idempotent UNIQUE (buyer_id, idempotency_key),
    CONSTRAINT orders_add_up CHECK (total_cents = items_cents - discount_cents + shipping_cents),
    CONSTRAINT orders_refund_within_total CHECK (refunded_cents BETWEEN 0 AND total_cents)
) WITH (fillfactor = 80);
CREATE INDEX orders_of_buyer ON orders (buyer_id, id DESC);
CREATE INDEX orders_by_status ON orders (status, id DESC);
CREATE INDEX orders_of_room ON orders (room_id, id DESC) WHERE room_id IS NOT NULL;

CREATE TABLE order_lines (
    order_id uuid NOT NULL REFERENCES orders,
    position smallint NOT NULL,
    sku_id uuid NOT NULL REFERENCES skus,
    product_id uuid NOT NULL REFERENCES products,
    product_name text NOT NULL,
    product_name_en text NOT NULL,
    sku_name text NOT NULL,
    image_url text,
    quantity integer NOT NULL CHECK (quantity > 0),
    unit_price_cents integer NOT NULL CHECK (unit_price_cents >= 0),
    discount_cents bigint NOT NULL DEFAULT 0 CHECK (discount_cents >= 0),
    total_cents bigint NOT NULL CHECK (total_cents >= 0),
    shipped_quantity integer NOT NULL DEFAULT 0,
    refunded_quantity integer NOT NULL DEFAULT 0,
    refunded_cents bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (order_id, position),
    CONSTRAINT lines_add_up
        CHECK (total_cents = unit_price_cents::bigint * quantity - discount_cents),
    CONSTRAINT lines_ship_within CHECK (shipped_quantity BETWEEN 0 AND quantity),
    CONSTRAINT lines_refund_within
        CHECK (refunded_quantity BETWEEN 0 AND quantity AND refunded_cents BETWEEN 0 AND total_cents)
);
CREATE INDEX order_lines_of_product ON order_lines (product_id);

CREATE TABLE order_transitions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    from_status text,
    to_status text NOT NULL,
    event text NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL DEFAULT '',
    at timestamptz NOT NULL
);
CREATE INDEX order_transitions_of_order ON order_transitions (order_id, id);
"""

PAYMENTS = """
CREATE TABLE payments (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    provider text NOT NULL,
    out_trade_no text NOT NULL UNIQUE,
    provider_trade_no text,
    status text NOT NULL CHECK (status IN ('pending', 'succeeded', 'closed', 'refunded')),
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    refunded_cents bigint NOT NULL DEFAULT 0,
    currency text NOT NULL,
    pay_url text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    paid_at timestamptz,
    CONSTRAINT payments_refund_within_amount CHECK (refunded_cents BETWEEN 0 AND amount_cents)
);
CREATE INDEX payments_of_order ON payments (order_id, id);

CREATE TABLE payment_notifications (
    id uuid PRIMARY KEY,
    provider text NOT NULL,
    payment_id uuid REFERENCES payments,
    out_trade_no text,
    body bytea NOT NULL,
    verdict text NOT NULL,
    detail text NOT NULL DEFAULT '',
    received_at timestamptz NOT NULL
);
CREATE INDEX payment_notifications_by_age ON payment_notifications (received_at DESC);
CREATE INDEX payment_notifications_of_payment ON payment_notifications (payment_id);

CREATE TABLE refunds (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    payment_id uuid NOT NULL REFERENCES payments,
    kind text NOT NULL CHECK (kind IN ('order', 'late_payment', 'double_payment')),
    status text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    reason text NOT NULL DEFAULT '',
    requested_by text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    last_error text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    settled_at timestamptz
);
CREATE INDEX refunds_of_order ON refunds (order_id, id);
CREATE UNIQUE INDEX refunds_once_by_itself ON refunds (payment_id) WHERE kind <> 'order';

CREATE TABLE refund_lines (
    refund_id uuid NOT NULL REFERENCES refunds,
    position smallint NOT NULL,
    quantity integer NOT NULL CHECK (quantity >= 0),
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    PRIMARY KEY (refund_id, position)
);
"""

LEDGER = """
CREATE TABLE ledger_entries (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    reference uuid NOT NULL,
    order_id uuid REFERENCES orders,
    memo text NOT NULL DEFAULT '',
    at timestamptz NOT NULL,
    CONSTRAINT ledger_posts_once UNIQUE (kind, reference)
);
CREATE INDEX ledger_entries_by_age ON ledger_entries (at);

CREATE TABLE ledger_lines (
    entry_id uuid NOT NULL REFERENCES ledger_entries,
    position smallint NOT NULL,
    account text NOT NULL,
    currency text NOT NULL,
    debit_cents bigint NOT NULL DEFAULT 0 CHECK (debit_cents >= 0),
    credit_cents bigint NOT NULL DEFAULT 0 CHECK (credit_cents >= 0),
    PRIMARY KEY (entry_id, position),
    CONSTRAINT ledger_one_side CHECK ((debit_cents = 0) <> (credit_cents = 0))
);
CREATE INDEX ledger_lines_of_account ON ledger_lines (account, currency);

CREATE FUNCTION ledger_entry_balances(entry uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM ledger_lines WHERE entry_id = entry) THEN
        RAISE EXCEPTION 'ledger entry % has no lines', entry USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT 1 FROM ledger_lines WHERE entry_id = entry
        GROUP BY currency HAVING sum(debit_cents) <> sum(credit_cents)
    ) THEN
        RAISE EXCEPTION 'ledger entry % does not balance', entry USING ERRCODE = 'check_violation';
    END IF;
END $$;

CREATE FUNCTION ledger_entry_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_entry_balances(NEW.id);
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_line_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_entry_balances(NEW.entry_id);
    RETURN NULL;
END $$;

-- Both are deferred to the commit, when the entry has all its lines.
CREATE CONSTRAINT TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_must_balance();
CREATE CONSTRAINT TRIGGER ledger_lines_balance AFTER INSERT ON ledger_lines
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_line_must_balance();

CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_lines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_lines
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
"""


def upgrade() -> None:
    for statements in (CATALOGUE, STOCK, ORDERS, PAYMENTS, LEDGER):
        op.execute(statements)


def downgrade() -> None:
    op.execute(
        """
        DROP TABLE ledger_lines, ledger_entries, refund_lines, refunds, payment_notifications, payments,
            order_transitions, order_lines, orders, addresses, stock_movements, stock, shop_policies, skus,
            products;
        DROP SEQUENCE order_numbers;
        DROP FUNCTION ledger_entry_must_balance, ledger_line_must_balance, ledger_entry_balances,
            ledger_is_append_only;
        """
    )
