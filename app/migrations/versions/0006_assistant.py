"""The assistant: its passage index, what it said and why, hand-overs, feedback, answers for next time."""

from alembic import op

revision = "0006_assistant"
down_revision = "0005_moderation"
branch_labels = None
depends_on = None

ASSISTANT = """
CREATE TABLE assistant_passages (
    hash text NOT NULL,
    model text NOT NULL,
    text text NOT NULL,
    embedding vector(384) NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (hash, model)
);
CREATE INDEX assistant_passages_meaning ON assistant_passages USING hnsw (embedding vector_cosine_ops);
CREATE INDEX assistant_passages_spelling ON assistant_passages USING gin (text gin_trgm_ops);

CREATE TABLE assistant_settings (
    room_id uuid PRIMARY KEY REFERENCES rooms ON DELETE CASCADE,
    mode text NOT NULL DEFAULT 'auto' CHECK (mode IN ('auto', 'suggest'))
);

CREATE TABLE assistant_questions (
    message_id uuid PRIMARY KEY,
    room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    viewer_id uuid REFERENCES users ON DELETE SET NULL,
    viewer_name text NOT NULL DEFAULT '',
    text text NOT NULL,
    language text NOT NULL CHECK (language IN ('zh', 'en')),
    outcome text NOT NULL CHECK (outcome IN ('answer', 'handoff', 'refuse')),
    reply text NOT NULL,
    private boolean NOT NULL,
    reason text NOT NULL DEFAULT '',
    composed_by text NOT NULL DEFAULT 'facts',
    product_id uuid,
    askers int NOT NULL DEFAULT 1 CHECK (askers > 0),
    facts jsonb NOT NULL DEFAULT '[]',
    trace jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL
);
CREATE INDEX assistant_questions_room ON assistant_questions (room_id, created_at DESC);

CREATE TABLE assistant_handovers (
    id uuid PRIMARY KEY,
    message_id uuid NOT NULL UNIQUE REFERENCES assistant_questions ON DELETE CASCADE,
    room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    suggestion text,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'answered', 'dismissed')),
    reply text,
    closed_by uuid REFERENCES users ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    closed_at timestamptz,
    CHECK ((status = 'open') = (closed_at IS NULL)),
    CHECK ((status = 'answered') = (reply IS NOT NULL))
);
CREATE INDEX assistant_handovers_open ON assistant_handovers (room_id, created_at) WHERE status = 'open';

CREATE TABLE assistant_feedback (
    message_id uuid NOT NULL REFERENCES assistant_questions ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    helpful boolean NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (message_id, user_id)
);

CREATE TABLE assistant_faq (
    id uuid PRIMARY KEY,
    question text NOT NULL CHECK (length(question) BETWEEN 1 AND 300),
    answer text NOT NULL CHECK (length(answer) BETWEEN 1 AND 1000),
    product_id uuid,
    from_message_id uuid UNIQUE REFERENCES assistant_questions ON DELETE SET NULL,
    created_by uuid REFERENCES users ON DELETE SET NULL,
    created_at timestamptz NOT NULL
);
"""


def upgrade() -> None:
    op.execute(ASSISTANT)


def downgrade() -> None:
    op.execute(
        """DROP TABLE assistant_faq, assistant_feedback, assistant_handovers, assistant_questions,
           assistant_settings, assistant_passages"""
    )
