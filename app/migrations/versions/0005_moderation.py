"""Moderation: cases, reports, sanctions, appeals, policy, labelled examples and the audit log."""

from alembic import op

revision = "0005_moderation"
down_revision = "0004_chat"
branch_labels = None
depends_on = None

CASES = """
CREATE TABLE moderation_cases (
    id uuid PRIMARY KEY,
    surface text NOT NULL CHECK (surface IN ('chat', 'speech', 'product', 'picture', 'profile')),
    room_id uuid REFERENCES rooms ON DELETE SET NULL,
    subject_type text NOT NULL,
    subject_id text NOT NULL,
    author_id uuid REFERENCES users ON DELETE SET NULL,
    text text NOT NULL,
    findings jsonb NOT NULL,
    evidence jsonb NOT NULL DEFAULT '{}',
    action text NOT NULL CHECK (action IN ('allow', 'flag', 'block')),
    policy_version int NOT NULL,
    urgency int NOT NULL CHECK (urgency BETWEEN 0 AND 100),
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'released', 'upheld')),
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    claimed_by uuid REFERENCES users,
    claimed_until timestamptz,
    decided_by uuid REFERENCES users,
    decided_at timestamptz,
    reason text,
    review text NOT NULL DEFAULT 'none' CHECK (review IN ('none', 'wanted', 'confirmed', 'overturned')),
    reviewed_by uuid REFERENCES users,
    reviewed_at timestamptz,
    CHECK ((status = 'open') = (decided_at IS NULL)),
    CHECK ((claimed_by IS NULL) = (claimed_until IS NULL)),
    CHECK (reviewed_by IS DISTINCT FROM decided_by OR reviewed_by IS NULL)
);
CREATE UNIQUE INDEX moderation_cases_open_subject ON moderation_cases (subject_type, subject_id)
    WHERE status = 'open';
CREATE INDEX moderation_cases_queue ON moderation_cases (urgency DESC, created_at, id) WHERE status = 'open';
CREATE INDEX moderation_cases_decided ON moderation_cases (decided_at DESC) WHERE status <> 'open';
CREATE INDEX moderation_cases_review ON moderation_cases (urgency DESC, decided_at) WHERE review = 'wanted';
CREATE INDEX moderation_cases_author ON moderation_cases (author_id, created_at DESC);
CREATE INDEX moderation_cases_created ON moderation_cases (created_at);

CREATE TABLE moderation_reports (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES moderation_cases ON DELETE CASCADE,
    reporter_id uuid NOT NULL REFERENCES users,
    category text NOT NULL,
    note text NOT NULL CHECK (length(note) <= 500),
    created_at timestamptz NOT NULL,
    UNIQUE (case_id, reporter_id)
);
CREATE INDEX moderation_reports_reporter ON moderation_reports (reporter_id, created_at);
"""

SANCTIONS = """
CREATE TABLE moderation_sanctions (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('mute', 'shadow_mute', 'ban', 'product_down', 'stream_stopped')),
    user_id uuid REFERENCES users,
    device_hash bytea,
    address_hash bytea,
    room_id uuid REFERENCES rooms ON DELETE CASCADE,
    product_id uuid,
    case_id uuid REFERENCES moderation_cases ON DELETE SET NULL,
    rule text NOT NULL,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    imposed_by uuid REFERENCES users,
    imposed_at timestamptz NOT NULL,
    expires_at timestamptz CHECK (expires_at > imposed_at),
    lifted_at timestamptz,
    lifted_by uuid REFERENCES users,
    lift_reason text,
    CHECK (num_nonnulls(user_id, device_hash, address_hash, product_id, room_id) >= 1)
);
CREATE INDEX moderation_sanctions_user ON moderation_sanctions (user_id) WHERE lifted_at IS NULL;
CREATE INDEX moderation_sanctions_device ON moderation_sanctions (device_hash)
    WHERE lifted_at IS NULL AND device_hash IS NOT NULL;
CREATE INDEX moderation_sanctions_address ON moderation_sanctions (address_hash)
    WHERE lifted_at IS NULL AND address_hash IS NOT NULL;
CREATE INDEX moderation_sanctions_case ON moderation_sanctions (case_id);

-- Devices and addresses of an account as keyed hashes: enough to know a repeat offender, too little to find a person.
CREATE TABLE moderation_traces (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('device', 'address')),
    hash bytea NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, kind, hash)
);
CREATE INDEX moderation_traces_hash ON moderation_traces (kind, hash);

CREATE TABLE moderation_appeals (
    id uuid PRIMARY KEY,
    case_id uuid REFERENCES moderation_cases ON DELETE CASCADE,
    sanction_id uuid REFERENCES moderation_sanctions ON DELETE CASCADE,
    appellant_id uuid NOT NULL REFERENCES users,
    text text NOT NULL CHECK (length(text) BETWEEN 1 AND 2000),
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'granted', 'denied')),
    created_at timestamptz NOT NULL,
    decided_by uuid REFERENCES users,
    decided_at timestamptz,
    reason text,
    CHECK (num_nonnulls(case_id, sanction_id) = 1),
    CHECK ((status = 'open') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX moderation_appeals_case ON moderation_appeals (case_id) WHERE case_id IS NOT NULL;
CREATE UNIQUE INDEX moderation_appeals_sanction ON moderation_appeals (sanction_id) WHERE sanction_id IS NOT NULL;
CREATE INDEX moderation_appeals_open ON moderation_appeals (created_at) WHERE status = 'open';
"""

POLICY = """
CREATE TABLE moderation_policies (
    version int PRIMARY KEY,
    body jsonb NOT NULL,
    note text NOT NULL,
    created_by uuid REFERENCES users,
    created_at timestamptz NOT NULL
);

CREATE TABLE moderation_examples (
    id uuid PRIMARY KEY,
    text text NOT NULL,
    surface text NOT NULL,
    label text NOT NULL,
    case_id uuid REFERENCES moderation_cases ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (text, surface)
);
"""

AUDIT = """
CREATE TABLE moderation_audit (
    seq bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    actor_id uuid,
    action text NOT NULL,
    subject text NOT NULL,
    details jsonb NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL UNIQUE
);

CREATE FUNCTION moderation_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER moderation_audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON moderation_audit
    FOR EACH STATEMENT EXECUTE FUNCTION moderation_audit_is_append_only();
"""


def upgrade() -> None:
    for statements in (CASES, SANCTIONS, POLICY, AUDIT):
        op.execute(statements)


def downgrade() -> None:
    op.execute(
        "DROP TABLE moderation_audit, moderation_examples, moderation_policies, moderation_appeals,"
        " moderation_traces, moderation_sanctions, moderation_reports, moderation_cases"
    )
    op.execute("DROP FUNCTION moderation_audit_is_append_only")
