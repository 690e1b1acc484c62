-- The trigger that posts found each account several times: for its lock, for each of its sides and for
-- its new balance. It finds each once now.
--
-- A connection keeps the plans that it made for its first statement, which may have had one transfer
-- among three accounts where the next has ten thousand among millions. So they are left no choice: an
-- account is found by its key, for no join but a loop over this index knows = ANY; and its sides meet it
-- in a FULL JOIN, which is hashed or sorted, and never a loop in a loop.
CREATE OR REPLACE FUNCTION ledger_post() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off AS $$
DECLARE
    wanted bigint;
    sides bigint;
    expiring bigint;
    ends bigint;
    fitting bigint;
    timed bigint := 0;
    broken text;
BEGIN
    SELECT count(*) + count(credit_id), count(expires_at_ms), count(pending_id)
    INTO wanted, expiring, ends FROM posted;

    -- What a hold is never changes, so that this waits for nobody.
    IF ends > 0 THEN
        SELECT count(*), count(*) FILTER (WHERE hold.expires_at_ms IS NOT NULL OR t.phase = 'expire')
        INTO fitting, timed FROM posted t, LATERAL (
            SELECT p.expires_at_ms FROM ledger_transfers p
            WHERE p.id = t.pending_id AND p.phase = 'pending' AND p.debit_id = t.debit_id
                AND p.unit = t.unit AND p.amount = t.amount OFFSET 0
        ) hold WHERE t.pending_id IS NOT NULL;
        IF fitting <> ends THEN
            RAISE EXCEPTION 'expected account, unit and amount of the hold that is ended'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transfers_same_as_hold';
        END IF;
    END IF;

    -- As the view ledger_sides says, of what is posted now.
    WITH side AS (
        SELECT number, id AS transfer_id, debit_id AS account_id, unit,
            CASE WHEN phase IN ('single', 'post') THEN -amount ELSE 0 END AS amount,
            CASE phase WHEN 'pending' THEN amount WHEN 'single' THEN 0 ELSE -amount END AS held
        FROM posted
        UNION ALL
        SELECT number, id, credit_id, unit, amount, 0 FROM posted WHERE credit_id IS NOT NULL
    ), change AS (
        -- One order for everybody, so that two statements never wait for each other in a circle. What is
        -- held of an account without rows of its own is nobody's concern, and may come to any number.
        SELECT account_id, unit, sum(amount)::bigint AS amount, sum(held) AS held, count(*) AS sides
        FROM side GROUP BY account_id, unit ORDER BY account_id
    ), moved AS (
        UPDATE ledger_accounts a
        SET balance = a.balance + c.amount, held = a.held + c.held, entries = a.entries + c.sides
        FROM change c
        -- IS TRUE makes one condition of it, for which no other index is looked at.
        WHERE a.id = ANY (ARRAY[c.account_id]) AND (a.unit = c.unit AND a.kind IN ('user', 'escrow')) IS TRUE
        RETURNING a.id AS account_id, a.unit, c.sides, a.balance - c.amount AS balance,
            (a.held - c.held)::bigint AS held_before, a.entries - c.sides AS entries
    ), step AS MATERIALIZED (
        -- Beside each side stands what its account held before, if it is of this kind.
        SELECT * FROM side FULL JOIN moved USING (account_id, unit)
    ), entry AS (
        INSERT INTO ledger_entries
        SELECT account_id, entries + row_number() OVER so_far, transfer_id, amount, held,
            balance + sum(amount) OVER so_far, held_before + sum(held) OVER so_far
        FROM step WHERE entries IS NOT NULL
        WINDOW so_far AS (PARTITION BY account_id ORDER BY number ROWS UNBOUNDED PRECEDING)
    ), other AS MATERIALIZED (
        SELECT o.* FROM (
            SELECT account_id, unit, sum(amount) AS amount, count(*) AS sides
            FROM step WHERE entries IS NULL GROUP BY account_id, unit ORDER BY account_id
        ) o, LATERAL (
            SELECT FROM ledger_accounts a
            WHERE a.id = o.account_id AND a.unit = o.unit AND a.kind NOT IN ('user', 'escrow') OFFSET 0
        ) a
    ), striped AS (
        INSERT INTO ledger_stripes AS s (account_id, stripe, balance)
        SELECT account_id, pg_backend_pid() % 64, amount FROM other
        ON CONFLICT (account_id, stripe) DO UPDATE SET balance = s.balance + excluded.balance
    )
    SELECT (SELECT coalesce(sum(m.sides), 0) FROM moved m)
        + (SELECT coalesce(sum(o.sides), 0) FROM other o)
    INTO sides;

    IF sides <> wanted THEN
        RAISE EXCEPTION 'expected accounts of the unit of the transfer'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'ledger_transfers_between_accounts';
    END IF;

    -- Behind every wait, for a hold may expire meanwhile.
    IF expiring > 0 THEN
        IF EXISTS (SELECT FROM posted WHERE expires_at_ms <= ledger_ms(clock_timestamp())) THEN
            RAISE EXCEPTION 'expected a hold that could be posted, found one that has expired'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transfers_in_time';
        END IF;
        INSERT INTO ledger_expiring_holds
        SELECT id, expires_at_ms FROM posted WHERE expires_at_ms IS NOT NULL;
    END IF;

    IF timed > 0 THEN
        -- A post is late by the clock, behind every wait; an expiry is due by the beginning of its
        -- transaction, which is what stands in its row. A hold that never expires is never due.
        SELECT CASE
            WHEN t.phase = 'post' AND hold.expires_at_ms <= ledger_ms(clock_timestamp())
                THEN 'ledger_transfers_in_time'
            WHEN t.phase = 'expire' AND (hold.expires_at_ms <= ledger_ms(now())) IS NOT TRUE
                THEN 'ledger_transfers_when_due'
        END AS rule INTO broken
        FROM posted t, LATERAL (
            SELECT p.expires_at_ms FROM ledger_transfers p WHERE p.id = t.pending_id OFFSET 0
        ) hold
        WHERE t.pending_id IS NOT NULL ORDER BY rule NULLS LAST LIMIT 1;
        IF broken IS NOT NULL THEN
            RAISE EXCEPTION 'expected a hold that %', CASE broken
                WHEN 'ledger_transfers_in_time' THEN 'could be posted, found one that has expired'
                ELSE 'has expired'
            END USING ERRCODE = 'check_violation', CONSTRAINT = broken;
        END IF;
        DELETE FROM ledger_expiring_holds h USING posted t, LATERAL (
            SELECT r.ctid AS place FROM ledger_expiring_holds r WHERE r.hold_id = t.pending_id OFFSET 0
        ) r WHERE h.ctid = r.place;
    END IF;
    RETURN NULL;
END $$;
