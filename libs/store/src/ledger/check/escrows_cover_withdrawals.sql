SELECT 'escrows_cover_withdrawals' AS rule,
    format('escrow %s of withdrawal %s', w.currency, w.id) AS subject,
    (CASE w.status WHEN 'SENDING' THEN w.amount ELSE 0 END)::text AS expected,
    coalesce(a.balance, 0)::text AS found
FROM withdrawals w
LEFT JOIN ledger_accounts a ON a.owner_id = w.id AND a.kind = 'escrow' AND a.unit = w.currency
WHERE coalesce(a.balance, 0) <> CASE w.status WHEN 'SENDING' THEN w.amount ELSE 0 END
ORDER BY w.id
