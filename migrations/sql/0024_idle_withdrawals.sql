-- When somebody last tried to take a withdrawal further that nothing happens to: others have their turn
-- before it.
ALTER TABLE withdrawals ADD COLUMN tried_at timestamptz;
CREATE INDEX withdrawals_to_try ON withdrawals (tried_at NULLS FIRST, updated_at, id)
    WHERE status IN ('APPROVED', 'SENDING');
