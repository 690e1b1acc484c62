SELECT 'transfers_are_well_formed' AS rule, 'transfer ' || t.id AS subject,
    'both sides in its unit, and the account, amount and expiry of its hold' AS expected,
    format('%s %s %s from %s to %s for hold %s', t.phase, t.amount, t.unit, debit.unit,
        coalesce(credit.unit, 'none'), coalesce(t.pending_id::text, 'none')) AS found
FROM ledger_transfers t
LEFT JOIN ledger_accounts debit ON debit.id = t.debit_id
LEFT JOIN ledger_accounts credit ON credit.id = t.credit_id
LEFT JOIN ledger_transfers hold ON hold.id = t.pending_id AND hold.phase = 'pending'
    AND hold.debit_id = t.debit_id AND hold.amount = t.amount
WHERE t.number > $1 AND (t.amount <= 0
    OR debit.unit IS DISTINCT FROM t.unit
    OR (t.phase IN ('single', 'post')) <> (t.credit_id IS NOT NULL)
    OR (t.credit_id IS NOT NULL AND credit.unit IS DISTINCT FROM t.unit)
    OR (t.phase IN ('post', 'void', 'expire')) <> (hold.id IS NOT NULL)
    OR (t.phase = 'post' AND hold.expires_at_ms <= ledger_ms(t.created_at))
    OR (t.phase = 'expire' AND (hold.expires_at_ms <= ledger_ms(t.created_at)) IS NOT TRUE))
ORDER BY t.id
