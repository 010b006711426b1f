"""A cue makes way for the next one of its kind and product."""

from alembic import op

revision = "0017_superseded_cues"
down_revision = "0016_account_deletion"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE cues DROP CONSTRAINT cues_status_check;
    ALTER TABLE cues ADD CONSTRAINT cues_status_check
        CHECK (status IN ('open', 'applied', 'dismissed', 'superseded'));
    """)


def downgrade() -> None:
    op.execute("""
    UPDATE cues SET status = 'dismissed' WHERE status = 'superseded';
    ALTER TABLE cues DROP CONSTRAINT cues_status_check;
    ALTER TABLE cues ADD CONSTRAINT cues_status_check CHECK (status IN ('open', 'applied', 'dismissed'));
    """)
