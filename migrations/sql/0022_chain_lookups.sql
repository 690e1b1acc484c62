-- Who looks for wallets without an address, or adds up what should lie on the chain, does so again and
-- again, and reads only what concerns the chain.
CREATE INDEX ledger_accounts_on_chain ON ledger_accounts (created_at, id)
    WHERE kind = 'user' AND unit IN ('SOL', 'USDT');

-- All columns that are added up, so that no row is looked up. Other kinds, which are almost all
-- transfers, are not in it, and cost nothing more.
CREATE INDEX ledger_transfers_on_chain ON ledger_transfers (unit) INCLUDE (debit_id, credit_id, amount)
    WHERE kind IN ('deposit', 'house_deposit', 'withdrawal', 'network_fee');
