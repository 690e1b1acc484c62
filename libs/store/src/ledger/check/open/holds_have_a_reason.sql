WITH waiting AS (
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
    LEFT JOIN ledger_transfers h ON h.reference_id = w.id AND h.expires_at_ms IS NOT NULL
    WHERE w.status IN ('IN_REVIEW', 'APPROVED')
        -- Once its hold has expired, it is freed before the withdrawal is given up.
        AND NOT EXISTS (SELECT FROM ledger_transfers e WHERE e.pending_id = h.id AND e.phase = 'expire')
), looked_up AS MATERIALIZED (
    SELECT w.*, h.id, h.kind, h.debit_id, h.amount AS held
    FROM wanted w LEFT JOIN LATERAL (
        SELECT * FROM ledger_transfers h WHERE h.id = w.hold_id AND h.phase = 'pending'
            AND NOT EXISTS (SELECT FROM ledger_transfers e WHERE e.pending_id = h.id) OFFSET 0
    ) h ON true
), reasons AS (
    SELECT debit_id AS account_id, sum(held) AS held
    FROM (SELECT DISTINCT id, debit_id, held FROM looked_up WHERE id IS NOT NULL) once GROUP BY debit_id
)
SELECT 'holds_have_a_reason' AS rule, coalesce('hold ' || id, subject) AS subject,
    CASE WHEN id IS NULL THEN 'what it asks for held' ELSE format('%s for %s', amount, subject) END AS expected,
    CASE WHEN id IS NULL THEN 'no hold' ELSE format('%s of %s', kind, held) END AS found
FROM looked_up
WHERE id IS NULL OR held <> amount
UNION ALL
-- All that is held of an account, against all of it that somebody waits for: what is more has no reason.
SELECT 'holds_have_a_reason', 'account ' || coalesce(a.id, r.account_id),
    format('held %s for tickets and withdrawals that wait', coalesce(r.held, 0)), format('held %s', coalesce(a.held, 0))
FROM (SELECT id, held FROM ledger_accounts WHERE held <> 0) a
FULL JOIN reasons r ON r.account_id = a.id
WHERE coalesce(a.held, 0) <> coalesce(r.held, 0)
ORDER BY 2
