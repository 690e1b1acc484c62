-- The auditor looks again and again for what is held for a withdrawal, and reads no other transfer.
-- Only withdrawals' holds expire.
CREATE INDEX ledger_transfers_expiring ON ledger_transfers (reference_id) WHERE expires_at_ms IS NOT NULL;
