-- What an escrow is kept for is looked up one by one: few of all that ever were hold anything.
WITH kept AS MATERIALIZED (
    SELECT owner_id, unit, balance FROM ledger_accounts WHERE kind = 'escrow' AND balance <> 0
)
SELECT 'escrows_are_settled' AS rule,
    format('escrow %s of battle %s', k.unit, b.id) AS subject,
    '0 once the battle is ' || lower(b.status) AS expected, k.balance::text AS found
FROM kept k, LATERAL (SELECT id, status FROM battles WHERE id = k.owner_id OFFSET 0) b
WHERE b.status IN ('CLOSED', 'CANCELED')
ORDER BY b.id, k.unit
