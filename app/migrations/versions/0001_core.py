"""Extensions, the outbox, background jobs, users and their sessions."""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001_core"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(SchemaManager.get_schema())
    op.execute("""
    CREATE TABLE outbox (
        id uuid PRIMARY KEY,
        topic text NOT NULL,
        type text NOT NULL,
        data jsonb NOT NULL,
        created_at timestamptz NOT NULL
    );
    CREATE INDEX outbox_created_at ON outbox (created_at);

    CREATE TABLE users (
        id uuid PRIMARY KEY,
        email text NOT NULL CHECK (email = lower(email)),
        display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 40),
        password_hash text NOT NULL,
        roles text[] NOT NULL DEFAULT '{viewer}',
        locale text NOT NULL DEFAULT 'zh-CN',
        created_at timestamptz NOT NULL,
        CONSTRAINT users_email_unique UNIQUE (email)
    );

    CREATE TABLE sessions (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
        kind text NOT NULL CHECK (kind IN ('browser', 'bearer')),
        name text NOT NULL DEFAULT '',
        token_hash bytea NOT NULL UNIQUE,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
    );
    CREATE INDEX sessions_user ON sessions (user_id);
    """)


def downgrade() -> None:
    op.execute("DROP TABLE sessions, users, outbox")
    op.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
