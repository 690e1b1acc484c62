SELECT 'units_sum_to_zero' AS rule, unit AS subject, '0' AS expected, sum(balance)::text AS found
FROM ledger_balances GROUP BY unit HAVING sum(balance) <> 0 ORDER BY unit
