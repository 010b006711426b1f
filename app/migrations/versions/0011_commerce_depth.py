"""Carts, invoices, shipments, after-sales requests, shipping templates, statements and product meanings."""

from alembic import op

revision = "0011_commerce_depth"
down_revision = "0010_address_reveals"
branch_labels = None
depends_on = None

CARTS = """
CREATE TABLE carts (
    id uuid PRIMARY KEY,
    user_id uuid UNIQUE REFERENCES users ON DELETE CASCADE,
    guest_hash bytea UNIQUE,
    room_id uuid,
    updated_at timestamptz NOT NULL,
    CONSTRAINT carts_of_one CHECK ((user_id IS NULL) <> (guest_hash IS NULL))
);
CREATE INDEX carts_of_guests_by_age ON carts (updated_at) WHERE user_id IS NULL;

CREATE TABLE cart_lines (
    cart_id uuid NOT NULL REFERENCES carts ON DELETE CASCADE,
    sku_id uuid NOT NULL REFERENCES skus,
    quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 999),
    seen_price_cents integer NOT NULL CHECK (seen_price_cents >= 0),
    added_at timestamptz NOT NULL,
    PRIMARY KEY (cart_id, sku_id)
);

ALTER TABLE orders ADD COLUMN invoice_sealed bytea;
"""

SHIPMENTS = """
CREATE TABLE shipments (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    carrier text NOT NULL CHECK (carrier <> ''),
    tracking text NOT NULL CHECK (tracking <> ''),
    status text NOT NULL DEFAULT 'handed_over'
        CHECK (status IN ('handed_over', 'in_transit', 'out_for_delivery', 'delivered', 'exception')),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    delivered_at timestamptz,
    CONSTRAINT shipments_once UNIQUE (order_id, carrier, tracking)
);

CREATE TABLE shipment_lines (
    shipment_id uuid NOT NULL REFERENCES shipments,
    position smallint NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (shipment_id, position)
);

CREATE TABLE shipment_events (
    shipment_id uuid NOT NULL REFERENCES shipments,
    at timestamptz NOT NULL,
    status text NOT NULL,
    place text NOT NULL DEFAULT '',
    PRIMARY KEY (shipment_id, at, status)
);

CREATE TABLE shipping_templates (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> ''),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    is_default boolean NOT NULL DEFAULT false,
    zones json NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX shipping_templates_one_default ON shipping_templates (currency) WHERE is_default;
ALTER TABLE products ADD COLUMN shipping_template_id uuid REFERENCES shipping_templates;
"""

AFTER_SALES = """
CREATE TABLE after_sales (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    buyer_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('return', 'exchange', 'refund_only')),
    status text NOT NULL CHECK (status IN ('requested', 'awaiting_return', 'returning', 'refunding',
                                           'replacing', 'completed', 'rejected', 'withdrawn', 'lapsed')),
    reason text NOT NULL,
    description text NOT NULL DEFAULT '',
    pictures text[] NOT NULL DEFAULT '{}',
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    answer text NOT NULL DEFAULT '',
    return_carrier text,
    return_tracking text,
    replacement_carrier text,
    replacement_tracking text,
    refund_id uuid REFERENCES refunds,
    restock boolean NOT NULL DEFAULT false,
    idempotency_key text NOT NULL,
    request_hash bytea NOT NULL,
    deadline_at timestamptz,
    created_at timestamptz NOT NULL,
    closed_at timestamptz,
    CONSTRAINT after_sales_idempotent UNIQUE (buyer_id, idempotency_key)
);
CREATE INDEX after_sales_by_status ON after_sales (status, id DESC);
CREATE UNIQUE INDEX after_sales_one_open ON after_sales (order_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX after_sales_of_refund ON after_sales (refund_id);

CREATE TABLE after_sale_lines (
    after_sale_id uuid NOT NULL REFERENCES after_sales,
    position smallint NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (after_sale_id, position)
);

CREATE TABLE after_sale_transitions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    after_sale_id uuid NOT NULL REFERENCES after_sales,
    from_status text,
    to_status text NOT NULL,
    event text NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL DEFAULT '',
    at timestamptz NOT NULL
);
CREATE INDEX after_sale_transitions_of_one ON after_sale_transitions (after_sale_id, id);
"""

STATEMENTS = """
CREATE TABLE statement_lines (
    provider text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('payment', 'refund')),
    reference text NOT NULL,  -- out_trade_no of a payment, our number of a refund
    day date NOT NULL,
    out_trade_no text NOT NULL,
    amount_cents bigint NOT NULL,
    fee_cents bigint NOT NULL,
    currency text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (provider, kind, reference)
);
CREATE INDEX statement_lines_of_day ON statement_lines (provider, day);

CREATE TABLE reconciliations (
    id uuid PRIMARY KEY,
    provider text NOT NULL,
    day date NOT NULL,
    status text NOT NULL CHECK (status IN ('agrees', 'differs', 'unavailable')),
    detail text NOT NULL DEFAULT '',
    lines integer NOT NULL,
    paid_cents bigint NOT NULL,
    refunded_cents bigint NOT NULL,
    fee_cents bigint NOT NULL,
    run_at timestamptz NOT NULL,
    CONSTRAINT reconciliations_one_a_day UNIQUE (provider, day)
);

CREATE TABLE reconciliation_differences (
    reconciliation_id uuid NOT NULL REFERENCES reconciliations ON DELETE CASCADE,
    position integer NOT NULL,
    kind text NOT NULL,
    reference text NOT NULL,
    order_id uuid,
    ours_cents bigint,
    theirs_cents bigint,
    PRIMARY KEY (reconciliation_id, position)
);
"""

MEANINGS = """
CREATE TABLE product_meanings (
    product_id uuid NOT NULL REFERENCES products ON DELETE CASCADE,
    model text NOT NULL,
    hash bytea NOT NULL,
    embedding vector(384) NOT NULL,
    PRIMARY KEY (product_id, model)
);
CREATE INDEX product_meanings_near ON product_meanings USING hnsw (embedding vector_cosine_ops);
"""


def upgrade() -> None:
    for statements in (CARTS, SHIPMENTS, AFTER_SALES, STATEMENTS, MEANINGS):
        op.execute(statements)


def downgrade() -> None:
    op.execute(
        """
        DROP TABLE product_meanings, reconciliation_differences, reconciliations, statement_lines,
            after_sale_transitions, after_sale_lines, after_sales, shipment_events, shipment_lines, shipments,
            cart_lines, carts;
        ALTER TABLE orders DROP COLUMN invoice_sealed;
        ALTER TABLE products DROP COLUMN shipping_template_id;
        DROP TABLE shipping_templates;
        """
    )
