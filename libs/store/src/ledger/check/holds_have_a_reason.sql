WITH held AS (
    SELECT t.id, t.kind, t.amount FROM ledger_transfers t
    WHERE t.phase = 'pending'
        AND NOT EXISTS (SELECT FROM ledger_transfers e WHERE e.pending_id = t.id)
), wanted AS (
    SELECT id, hold_id FROM tickets WHERE status = 'QUEUED' AND hold_id IS NOT NULL
)
SELECT 'holds_have_a_reason' AS rule,
    coalesce('hold ' || held.id, 'ticket ' || wanted.id) AS subject,
    CASE WHEN held.id IS NULL THEN 'its entry fee held' ELSE 'a ticket that waits' END AS expected,
    CASE WHEN held.id IS NULL THEN 'no hold' ELSE format('%s of %s and no ticket', held.kind, held.amount) END AS found
FROM held FULL JOIN wanted ON wanted.hold_id = held.id
WHERE wanted.hold_id IS NULL OR held.id IS NULL
ORDER BY 2
