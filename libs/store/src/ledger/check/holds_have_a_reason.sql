-- What waits is compared with its holds by the rule of the same name about what is open. That one reads no
-- transfer that nothing waits for, and so tells of such a hold by its account; this one names it.
SELECT 'holds_have_a_reason' AS rule, 'hold ' || h.id AS subject,
    'a ticket or a withdrawal that waits' AS expected,
    format('%s of %s and no reason', h.kind, h.amount) AS found
FROM ledger_transfers h
WHERE h.phase = 'pending'
    AND NOT EXISTS (SELECT FROM ledger_transfers e WHERE e.pending_id = h.id)
    AND NOT EXISTS (SELECT FROM tickets t WHERE t.hold_id = h.id AND t.status = 'QUEUED')
    AND NOT EXISTS (
        SELECT FROM withdrawals w
        WHERE w.id = h.reference_id AND w.status IN ('IN_REVIEW', 'APPROVED') AND h.expires_at_ms IS NOT NULL
    )
ORDER BY 2
