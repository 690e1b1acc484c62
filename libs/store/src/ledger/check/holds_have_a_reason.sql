WITH held AS (
    SELECT t.id, t.kind, t.amount FROM ledger_transfers t
    WHERE t.phase = 'pending'
        AND NOT EXISTS (SELECT FROM ledger_transfers e WHERE e.pending_id = t.id)
), wanted AS (
    SELECT hold_id, 'ticket ' || id AS subject FROM tickets WHERE status = 'QUEUED' AND hold_id IS NOT NULL
    UNION ALL
    SELECT h.id, 'withdrawal ' || w.id FROM withdrawals w
    LEFT JOIN ledger_transfers h ON h.reference_id = w.id AND h.phase = 'pending'
    WHERE w.status IN ('IN_REVIEW', 'APPROVED')
        -- Once its hold has expired, it is freed before the withdrawal is given up.
        AND NOT EXISTS (SELECT FROM ledger_transfers e WHERE e.pending_id = h.id AND e.phase = 'expire')
)
SELECT 'holds_have_a_reason' AS rule,
    coalesce('hold ' || held.id, wanted.subject) AS subject,
    CASE WHEN held.id IS NULL THEN 'what it asks for held' ELSE 'a ticket or a withdrawal that waits' END AS expected,
    CASE WHEN held.id IS NULL THEN 'no hold' ELSE format('%s of %s and no reason', held.kind, held.amount) END AS found
FROM held FULL JOIN wanted ON wanted.hold_id = held.id
WHERE wanted.hold_id IS NULL OR held.id IS NULL
ORDER BY 2
