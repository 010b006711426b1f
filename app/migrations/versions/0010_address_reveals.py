"""Who looked at a buyer's whole address, when and why."""

from alembic import op

revision = "0010_address_reveals"
down_revision = "0009_insights"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE address_reveals (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES orders,
        actor text NOT NULL,
        reason text NOT NULL DEFAULT '',
        at timestamptz NOT NULL
    );
    CREATE INDEX address_reveals_of_order ON address_reveals (order_id, id);
    """)


def downgrade() -> None:
    op.execute("DROP TABLE address_reveals")
