"""Moderation: pictures and sound that belong to a case; which product was looked at when."""

from alembic import op

revision = "0014_moderation_evidence"
down_revision = "0013_moderation_effects"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE moderation_evidence (
        id uuid PRIMARY KEY,
        case_id uuid NOT NULL REFERENCES moderation_cases ON DELETE CASCADE,
        content_type text NOT NULL CHECK (content_type IN ('image/jpeg', 'audio/wav')),
        body bytea NOT NULL CHECK (octet_length(body) <= 2000000),
        created_at timestamptz NOT NULL
    );
    CREATE INDEX moderation_evidence_case ON moderation_evidence (case_id, created_at);

    CREATE TABLE moderation_products (
        product_id uuid PRIMARY KEY REFERENCES products ON DELETE CASCADE,
        seen timestamptz NOT NULL,
        looked_at timestamptz NOT NULL
    );
    """)


def downgrade() -> None:
    op.execute("DROP TABLE moderation_products, moderation_evidence")
