WITH held AS (
    SELECT t.id, t.kind, t.amount FROM ledger_transfers t
    WHERE t.phase = 'pending'
        AND NOT EXISTS (SELECT FROM ledger_transfers e WHERE e.pending_id = t.id)
), waiting AS (
    -- A room keeps to the template that it was made of.
    SELECT t.id, t.hold_id, (coalesce(r.template, v.template) ->> 'entry_fee_minor')::bigint AS fee
    FROM tickets t JOIN game_versions v ON v.game_id = t.game_id AND v.version = t.game_version
    LEFT JOIN battles r ON r.id = t.room_id
    WHERE t.status = 'QUEUED'
), wanted AS (
    SELECT hold_id, 'ticket ' || id AS subject, fee AS amount FROM waiting
    WHERE hold_id IS NOT NULL OR fee > 0
    UNION ALL
    SELECT h.id, 'withdrawal ' || w.id, w.amount FROM withdrawals w
    LEFT JOIN ledger_transfers h ON h.reference_id = w.id AND h.phase = 'pending'
    WHERE w.status IN ('IN_REVIEW', 'APPROVED')
        -- Once its hold has expired, it is freed before the withdrawal is given up.
        AND NOT EXISTS (SELECT FROM ledger_transfers e WHERE e.pending_id = h.id AND e.phase = 'expire')
)
SELECT 'holds_have_a_reason' AS rule,
    coalesce('hold ' || held.id, wanted.subject) AS subject,
    CASE WHEN held.id IS NULL THEN 'what it asks for held'
        WHEN wanted.subject IS NULL THEN 'a ticket or a withdrawal that waits'
        ELSE format('%s for %s', wanted.amount, wanted.subject) END AS expected,
    CASE WHEN held.id IS NULL THEN 'no hold'
        WHEN wanted.subject IS NULL THEN format('%s of %s and no reason', held.kind, held.amount)
        ELSE format('%s of %s', held.kind, held.amount) END AS found
FROM held FULL JOIN wanted ON wanted.hold_id = held.id
WHERE wanted.subject IS NULL OR held.id IS NULL OR held.amount <> wanted.amount
ORDER BY 2
