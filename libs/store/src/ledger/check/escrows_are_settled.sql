SELECT 'escrows_are_settled' AS rule,
    format('escrow %s of battle %s', a.unit, b.id) AS subject,
    '0 once the battle is ' || lower(b.status) AS expected, a.balance::text AS found
FROM ledger_accounts a JOIN battles b ON b.id = a.owner_id
WHERE a.kind = 'escrow' AND a.balance <> 0 AND b.status IN ('CLOSED', 'CANCELED')
ORDER BY b.id, a.unit
