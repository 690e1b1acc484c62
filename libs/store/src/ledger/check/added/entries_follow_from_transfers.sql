WITH added AS MATERIALIZED (
    SELECT id, debit_id, credit_id FROM ledger_transfers WHERE number > $1
), side AS (
    SELECT s.transfer_id, s.account_id, s.amount, s.held
    FROM ledger_sides s JOIN ledger_accounts a ON a.id = s.account_id
    WHERE s.number > $1 AND a.kind IN ('user', 'escrow')
), entry AS (
    SELECT e.* FROM added t, LATERAL (SELECT * FROM ledger_entries e WHERE e.transfer_id = t.id OFFSET 0) e
), changed AS (
    SELECT account_id, min(number) AS first FROM entry GROUP BY account_id
)
SELECT 'entries_follow_from_transfers' AS rule,
    format('transfer %s, account %s', coalesce(s.transfer_id, e.transfer_id), coalesce(s.account_id, e.account_id))
        AS subject,
    CASE WHEN s.transfer_id IS NULL THEN 'no entry' ELSE format('amount %s, held %s', s.amount, s.held) END AS expected,
    CASE WHEN e.transfer_id IS NULL THEN 'no entry' ELSE format('amount %s, held %s', e.amount, e.held) END AS found
FROM side s
FULL JOIN entry e ON e.transfer_id = s.transfer_id AND e.account_id = s.account_id
WHERE (s.amount, s.held) IS DISTINCT FROM (e.amount, e.held)
UNION ALL
-- Among an account's new entries there may be one of a transfer that is not among the new ones: it may
-- have waited for the account, but it has to be there.
SELECT 'entries_follow_from_transfers', format('transfer %s, account %s', e.transfer_id, e.account_id),
    'no entry', format('amount %s, held %s', e.amount, e.held)
FROM changed c, LATERAL (
    SELECT * FROM ledger_entries e WHERE e.account_id = c.account_id AND e.number >= c.first OFFSET 0
) e
WHERE NOT EXISTS (SELECT FROM ledger_transfers t WHERE t.id = e.transfer_id AND e.account_id IN (t.debit_id, t.credit_id))
ORDER BY 2
