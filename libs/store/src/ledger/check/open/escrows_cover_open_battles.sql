WITH open AS (
    SELECT id, template, template ->> 'currency' AS currency FROM battles WHERE status IN ('OPEN', 'SETTLING')
), wanted AS (
    -- The fees, or the fixed prize that the house adds to where they do not cover it.
    SELECT b.id AS battle_id, b.currency AS unit,
        greatest(
            (SELECT count(*) FROM seats s WHERE s.battle_id = b.id) * (b.template ->> 'entry_fee_minor')::numeric,
            CASE WHEN (b.template #>> '{prize,fixed,house_funded}')::boolean
                THEN (b.template #>> '{prize,fixed,amount_minor}')::numeric END
        ) AS amount
    FROM open b
    UNION ALL
    SELECT i.battle_id, i.unit, sum(i.moved) FROM open b JOIN seat_items i ON i.battle_id = b.id
    GROUP BY i.battle_id, i.unit
), kept AS (
    SELECT a.owner_id AS battle_id, a.unit, a.balance AS amount
    FROM open b JOIN ledger_accounts a ON a.owner_id = b.id AND a.kind = 'escrow'
)
SELECT 'escrows_cover_open_battles' AS rule,
    format('escrow %s of battle %s', coalesce(k.unit, w.unit), coalesce(k.battle_id, w.battle_id)) AS subject,
    coalesce(w.amount, 0)::text AS expected, coalesce(k.amount, 0)::text AS found
FROM wanted w FULL JOIN kept k ON k.battle_id = w.battle_id AND k.unit = w.unit
WHERE coalesce(w.amount, 0) <> coalesce(k.amount, 0)
ORDER BY 2
