-- What a payment takes from the hot wallet beside its amount: the rent of an account that it opens.
ALTER TABLE chain_transactions ADD COLUMN opens_account boolean NOT NULL DEFAULT false;
UPDATE chain_transactions t SET opens_account = true
    FROM withdrawals w WHERE w.id = t.withdrawal_id AND w.fee > 0 AND t.status = 'LIVE';

-- The payments that may still happen, and those that ended last.
CREATE INDEX chain_transactions_payments ON chain_transactions (ended_at) WHERE withdrawal_id IS NOT NULL;
