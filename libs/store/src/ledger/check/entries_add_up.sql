SELECT 'entries_add_up' AS rule,
    format('account %s, entry %s', account_id, number) AS subject,
    format('entry %s, balance %s, held %s', place, balance, held_sum) AS expected,
    format('entry %s, balance %s, held %s', number, balance_after, held_after) AS found
FROM (
    SELECT account_id, number, balance_after, held_after,
        row_number() OVER step AS place, sum(amount) OVER step AS balance, sum(held) OVER step AS held_sum
    FROM ledger_entries WINDOW step AS (PARTITION BY account_id ORDER BY number)
) running
WHERE (number, balance_after, held_after) IS DISTINCT FROM (place, balance, held_sum)
ORDER BY account_id, number
