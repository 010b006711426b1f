"""Refunds that a merchant asks for: once per key, with or without restocking."""

from alembic import op

revision = "0008_refunds"
down_revision = "0007_promotions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE refunds ADD COLUMN idempotency_key text;
    ALTER TABLE refunds ADD COLUMN request_hash bytea;
    ALTER TABLE refunds ADD COLUMN restock boolean NOT NULL DEFAULT false;
    ALTER TABLE refunds ADD COLUMN back_to text;
    CREATE UNIQUE INDEX refunds_idempotent ON refunds (order_id, idempotency_key);
    """)


def downgrade() -> None:
    op.execute("""
    DROP INDEX refunds_idempotent;
    ALTER TABLE refunds DROP COLUMN back_to, DROP COLUMN restock, DROP COLUMN request_hash,
        DROP COLUMN idempotency_key;
    """)
