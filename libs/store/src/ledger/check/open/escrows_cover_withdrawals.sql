WITH kept AS MATERIALIZED (
    SELECT owner_id, unit, balance FROM ledger_accounts WHERE kind = 'escrow' AND balance <> 0
), compared AS (
    SELECT w.id, w.currency, w.amount AS expected, coalesce(a.balance, 0) AS found
    FROM withdrawals w
    LEFT JOIN ledger_accounts a ON a.owner_id = w.id AND a.kind = 'escrow' AND a.unit = w.currency
    WHERE w.status = 'SENDING'
    UNION ALL
    SELECT w.id, w.currency, 0, k.balance
    FROM kept k, LATERAL (SELECT id, currency, status FROM withdrawals WHERE id = k.owner_id OFFSET 0) w
    WHERE w.currency = k.unit AND w.status <> 'SENDING'
)
SELECT 'escrows_cover_withdrawals' AS rule, format('escrow %s of withdrawal %s', currency, id) AS subject,
    expected::text, found::text
FROM compared WHERE found <> expected
ORDER BY id
