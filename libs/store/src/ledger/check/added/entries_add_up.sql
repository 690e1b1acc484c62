WITH added AS MATERIALIZED (
    SELECT id FROM ledger_transfers WHERE number > $1
), changed AS (
    SELECT e.account_id, min(e.number) AS first
    FROM added t, LATERAL (SELECT account_id, number FROM ledger_entries e WHERE e.transfer_id = t.id OFFSET 0) e
    GROUP BY e.account_id
), step AS (
    -- Behind the last entry that was there before stand the new ones.
    SELECT e.*, c.first, coalesce(lag(e.number) OVER step, 0) + 1 AS place,
        coalesce(lag(e.balance_after) OVER step, 0)::numeric + e.amount AS balance,
        coalesce(lag(e.held_after) OVER step, 0)::numeric + e.held AS held_sum
    FROM changed c, LATERAL (
        SELECT * FROM ledger_entries e WHERE e.account_id = c.account_id AND e.number >= c.first - 1 OFFSET 0
    ) e
    WINDOW step AS (PARTITION BY e.account_id ORDER BY e.number)
)
SELECT 'entries_add_up' AS rule,
    format('account %s, entry %s', account_id, number) AS subject,
    format('entry %s, balance %s, held %s', place, balance, held_sum) AS expected,
    format('entry %s, balance %s, held %s', number, balance_after, held_after) AS found
FROM step
WHERE number >= first AND (number, balance_after, held_after) IS DISTINCT FROM (place, balance, held_sum)
ORDER BY account_id, number
