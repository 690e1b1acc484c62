SELECT 'balances_follow_from_transfers' AS rule,
    format('%s %s of %s (%s)', b.kind, b.unit, b.owner_id, b.id) AS subject,
    format('balance %s, held %s', coalesce(sum(s.amount), 0), coalesce(sum(s.held), 0)) AS expected,
    format('balance %s, held %s', b.balance, b.held) AS found
FROM ledger_balances b
LEFT JOIN ledger_sides s ON s.account_id = b.id
GROUP BY b.id, b.kind, b.unit, b.owner_id, b.balance, b.held
-- Nobody holds anything back in the house's account or outside of it.
HAVING b.balance <> coalesce(sum(s.amount), 0)
    OR (b.held <> coalesce(sum(s.held), 0) AND b.kind IN ('user', 'escrow'))
ORDER BY b.id
