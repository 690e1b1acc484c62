SELECT 'expiring_holds_are_listed' AS rule, 'hold ' || coalesce(open.id, listed.hold_id) AS subject,
    coalesce(open.expires_at_ms::text, 'not listed') AS expected,
    coalesce(listed.expires_at_ms::text, 'not listed') AS found
FROM (
    SELECT t.id, t.expires_at_ms FROM ledger_transfers t
    WHERE t.expires_at_ms IS NOT NULL
        AND NOT EXISTS (SELECT FROM ledger_transfers e WHERE e.pending_id = t.id)
) open
FULL JOIN ledger_expiring_holds listed ON listed.hold_id = open.id
WHERE open.expires_at_ms IS DISTINCT FROM listed.expires_at_ms
ORDER BY 2
