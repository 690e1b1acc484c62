-- When the transactions of an account were last read as far as they were seen before. What it holds is
-- looked at far more often.
ALTER TABLE chain_accounts ADD COLUMN paged_at timestamptz;
