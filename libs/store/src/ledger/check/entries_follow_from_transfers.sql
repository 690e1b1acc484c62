SELECT 'entries_follow_from_transfers' AS rule,
    format('transfer %s, account %s', coalesce(s.transfer_id, e.transfer_id), coalesce(s.account_id, e.account_id))
        AS subject,
    CASE WHEN s.transfer_id IS NULL THEN 'no entry' ELSE format('amount %s, held %s', s.amount, s.held) END AS expected,
    CASE WHEN e.transfer_id IS NULL THEN 'no entry' ELSE format('amount %s, held %s', e.amount, e.held) END AS found
FROM (
    SELECT s.* FROM ledger_sides s JOIN ledger_accounts a ON a.id = s.account_id
    WHERE a.kind IN ('user', 'escrow')
) s
FULL JOIN ledger_entries e ON e.transfer_id = s.transfer_id AND e.account_id = s.account_id
WHERE (s.amount, s.held) IS DISTINCT FROM (e.amount, e.held)
ORDER BY 2
