WITH added AS MATERIALIZED (
    SELECT debit_id, credit_id FROM ledger_transfers WHERE number > $1
), changed AS (
    SELECT debit_id AS id FROM added UNION SELECT credit_id FROM added WHERE credit_id IS NOT NULL
)
-- What an account holds is what its last entry says; that follows from those before.
SELECT 'balances_follow_from_transfers' AS rule,
    format('%s %s of %s (%s)', a.kind, a.unit, a.owner_id, a.id) AS subject,
    format('balance %s, held %s, entries %s', coalesce(e.balance_after, 0), coalesce(e.held_after, 0),
        coalesce(e.number, 0)) AS expected,
    format('balance %s, held %s, entries %s', a.balance, a.held, a.entries) AS found
FROM changed c
CROSS JOIN LATERAL (SELECT * FROM ledger_accounts a WHERE a.id = c.id AND a.kind IN ('user', 'escrow') OFFSET 0) a
LEFT JOIN LATERAL (
    SELECT * FROM ledger_entries e WHERE e.account_id = a.id ORDER BY e.number DESC LIMIT 1
) e ON true
WHERE (a.balance, a.held, a.entries)
    <> (coalesce(e.balance_after, 0), coalesce(e.held_after, 0), coalesce(e.number, 0))
ORDER BY a.id
