-- Those that are listed, those that are new, and those that somebody waits for.
WITH looked_at AS (
    SELECT hold_id AS id FROM ledger_expiring_holds
    UNION
    SELECT id FROM ledger_transfers WHERE number > $1 AND expires_at_ms IS NOT NULL
    UNION
    SELECT h.id FROM withdrawals w JOIN ledger_transfers h ON h.reference_id = w.id AND h.expires_at_ms IS NOT NULL
    WHERE w.status IN ('IN_REVIEW', 'APPROVED')
)
SELECT 'expiring_holds_are_listed' AS rule, 'hold ' || one.id AS subject,
    coalesce(open.expires_at_ms::text, 'not listed') AS expected,
    coalesce(listed.expires_at_ms::text, 'not listed') AS found
FROM looked_at one
LEFT JOIN LATERAL (
    SELECT t.expires_at_ms FROM ledger_transfers t WHERE t.id = one.id
        AND NOT EXISTS (SELECT FROM ledger_transfers e WHERE e.pending_id = t.id) OFFSET 0
) open ON true
LEFT JOIN ledger_expiring_holds listed ON listed.hold_id = one.id
WHERE open.expires_at_ms IS DISTINCT FROM listed.expires_at_ms
ORDER BY 2
