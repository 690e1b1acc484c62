-- Money, items, experience and cups: keyed, append-only movements between accounts of one unit.
--
-- A service inserts accounts and transfers; only the trigger below moves a balance. The balances
-- of user and escrow accounts are kept in their row, with an entry per movement, and can never be
-- negative. House and outside accounts take part in almost everything, so their balance is spread
-- over stripes that seldom meet, and may be negative: outside is what the world gave us. What is
-- receivable, and so is negative, takes the same way.

CREATE TABLE ledger_accounts (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('user', 'house', 'escrow', 'outside', 'receivable')),
    unit text NOT NULL CHECK (unit IN ('USDT', 'SOL', 'BT', 'XP', 'CUPS', 'LEVERAGE_CARD')),
    expires_at_ms bigint,
    balance bigint NOT NULL DEFAULT 0 CHECK (balance >= 0),
    held bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    entries bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ledger_accounts_held_within_balance CHECK (held <= balance),
    CONSTRAINT ledger_accounts_striped
        CHECK (kind IN ('user', 'escrow') OR (balance = 0 AND held = 0 AND entries = 0)),
    UNIQUE NULLS NOT DISTINCT (owner_id, kind, unit, expires_at_ms)
-- Room for the next version of every row of a page: a movement makes one.
) WITH (fillfactor = 45);

-- The trigger below sees to what a foreign key would. A foreign key locks the row that it finds, and
-- half of all transfers would meet in the row of the house; one statement for each row is slow, too.
CREATE TABLE ledger_transfers (
    id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY,
    debit_id uuid NOT NULL,
    credit_id uuid,
    unit text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    phase text NOT NULL CHECK (phase IN ('single', 'pending', 'post', 'void', 'expire')),
    pending_id uuid,
    expires_at_ms bigint,
    kind text NOT NULL,
    reference_id uuid NOT NULL,
    key text NOT NULL,
    body_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ledger_transfers_key UNIQUE (key),
    CONSTRAINT ledger_transfers_resolves CHECK ((phase IN ('post', 'void', 'expire')) = (pending_id IS NOT NULL)),
    CONSTRAINT ledger_transfers_expires CHECK (expires_at_ms IS NULL OR phase = 'pending'),
    -- One key for everybody, so that it happens once, and for nothing else, so that nobody is in its way.
    CONSTRAINT ledger_transfers_expire_key CHECK (
        CASE WHEN phase = 'expire' THEN key = 'hold/' || pending_id::text || '/expire'
            ELSE key NOT LIKE 'hold/%/expire' END
    ),
    -- A hold reserves its debit side; whom it goes to is said when it is posted.
    CONSTRAINT ledger_transfers_two_sides CHECK ((phase IN ('single', 'post')) = (credit_id IS NOT NULL)),
    CONSTRAINT ledger_transfers_between_two CHECK (debit_id <> credit_id)
);
CREATE INDEX ledger_transfers_number ON ledger_transfers (number);
CREATE UNIQUE INDEX ledger_transfers_one_end ON ledger_transfers (pending_id) WHERE pending_id IS NOT NULL;

-- The holds that can expire and have not ended, for whoever looks for those that are due. The
-- trigger alone writes it.
CREATE TABLE ledger_expiring_holds (
    hold_id uuid PRIMARY KEY,
    expires_at_ms bigint NOT NULL
);
CREATE INDEX ledger_expiring_holds_due ON ledger_expiring_holds (expires_at_ms, hold_id);

-- What one transfer did to one account, and what the account held afterwards. The trigger alone
-- writes it, of rows that it has just read.
CREATE TABLE ledger_entries (
    account_id uuid NOT NULL,
    number bigint NOT NULL,
    transfer_id uuid NOT NULL,
    amount bigint NOT NULL,
    held bigint NOT NULL,
    balance_after bigint NOT NULL,
    held_after bigint NOT NULL,
    PRIMARY KEY (account_id, number),
    UNIQUE (transfer_id, account_id),
    CONSTRAINT ledger_entries_balance CHECK (balance_after >= 0),
    CONSTRAINT ledger_entries_held CHECK (held_after BETWEEN 0 AND balance_after)
);

CREATE TABLE ledger_stripes (
    account_id uuid NOT NULL,
    stripe smallint NOT NULL,
    balance bigint NOT NULL,
    PRIMARY KEY (account_id, stripe),
    -- The sum of all 64 is a bigint, too.
    CONSTRAINT ledger_stripes_bounded CHECK (balance BETWEEN -144115188075855871 AND 144115188075855871)
) WITH (fillfactor = 10);

-- The sides of a transfer: by how much it changes the balance and the held part of an account.
CREATE VIEW ledger_sides AS
    SELECT number, id AS transfer_id, debit_id AS account_id,
        CASE WHEN phase IN ('single', 'post') THEN -amount ELSE 0 END AS amount,
        CASE phase WHEN 'pending' THEN amount WHEN 'single' THEN 0 ELSE -amount END AS held
    FROM ledger_transfers
    UNION ALL
    SELECT number, id, credit_id, amount, 0 FROM ledger_transfers WHERE credit_id IS NOT NULL;

CREATE VIEW ledger_balances AS
    SELECT a.id, a.owner_id, a.kind, a.unit, a.expires_at_ms, a.held, a.entries,
        (a.balance + coalesce((SELECT sum(s.balance) FROM ledger_stripes s WHERE s.account_id = a.id), 0))::bigint
            AS balance
    FROM ledger_accounts a;

-- Milliseconds since 1970, with what is over of the last one.
CREATE FUNCTION ledger_ms(moment timestamptz) RETURNS numeric LANGUAGE sql STABLE
    RETURN extract(epoch FROM moment) * 1000;

-- It writes what its caller may not. Unless pg_temp is named it is searched first, and the caller's
-- temporary tables would stand in for ours.
--
-- A connection keeps the plans that it made for its first statement, which may have had one transfer
-- where the next has ten thousand. So they leave no choice: LATERAL with OFFSET 0 looks every row up
-- by its key.
CREATE FUNCTION ledger_post() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    wanted bigint;
    sides bigint;
    expiring bigint;
    ends bigint;
    broken text;
BEGIN
    SELECT count(*) + count(credit_id), count(expires_at_ms), count(pending_id)
    INTO wanted, expiring, ends FROM posted;

    -- One order for everybody, so that two statements never wait for each other in a circle.
    PERFORM FROM (SELECT debit_id AS id FROM posted UNION SELECT credit_id FROM posted ORDER BY id) side,
        LATERAL (
            SELECT FROM ledger_accounts a WHERE a.id = side.id AND a.kind IN ('user', 'escrow')
            FOR NO KEY UPDATE
        ) locked;

    IF expiring > 0 THEN
        IF EXISTS (SELECT FROM posted WHERE expires_at_ms <= ledger_ms(clock_timestamp())) THEN
            RAISE EXCEPTION 'expected a hold that could be posted, found one that has expired'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transfers_in_time';
        END IF;
        INSERT INTO ledger_expiring_holds
        SELECT id, expires_at_ms FROM posted WHERE expires_at_ms IS NOT NULL;
    END IF;

    IF ends > 0 THEN
        -- A post is late by the clock, behind every wait; an expiry is due by the beginning of its
        -- transaction, which is what stands in its row. A hold that never expires is never due.
        SELECT CASE
            WHEN hold.fits IS NULL THEN 'ledger_transfers_same_as_hold'
            WHEN t.phase = 'post' AND hold.expires_at_ms <= ledger_ms(clock_timestamp())
                THEN 'ledger_transfers_in_time'
            WHEN t.phase = 'expire' AND (hold.expires_at_ms <= ledger_ms(now())) IS NOT TRUE
                THEN 'ledger_transfers_when_due'
        END AS rule INTO broken
        FROM posted t LEFT JOIN LATERAL (
            SELECT true AS fits, p.expires_at_ms FROM ledger_transfers p
            WHERE p.id = t.pending_id AND p.phase = 'pending' AND p.debit_id = t.debit_id
                AND p.unit = t.unit AND p.amount = t.amount OFFSET 0
        ) hold ON true
        WHERE t.pending_id IS NOT NULL ORDER BY rule NULLS LAST LIMIT 1;
        IF broken IS NOT NULL THEN
            RAISE EXCEPTION 'expected %', CASE broken
                WHEN 'ledger_transfers_in_time' THEN 'a hold that could be posted, found one that has expired'
                WHEN 'ledger_transfers_when_due' THEN 'a hold that has expired'
                ELSE 'account, unit and amount of the hold that is ended'
            END USING ERRCODE = 'check_violation', CONSTRAINT = broken;
        END IF;
        DELETE FROM ledger_expiring_holds h USING posted t, LATERAL (
            SELECT r.ctid AS place FROM ledger_expiring_holds r WHERE r.hold_id = t.pending_id OFFSET 0
        ) r WHERE h.ctid = r.place;
    END IF;

    -- As the view ledger_sides says, of what is posted now.
    WITH side AS MATERIALIZED (
        SELECT s.*, a.kind, a.balance, a.held AS held_before, a.entries FROM (
            SELECT number, id AS transfer_id, debit_id AS account_id, unit,
                CASE WHEN phase IN ('single', 'post') THEN -amount ELSE 0 END AS amount,
                CASE phase WHEN 'pending' THEN amount WHEN 'single' THEN 0 ELSE -amount END AS held
            FROM posted
            UNION ALL
            SELECT number, id, credit_id, unit, amount, 0 FROM posted WHERE credit_id IS NOT NULL
        ) s, LATERAL (
            SELECT * FROM ledger_accounts a WHERE a.id = s.account_id AND a.unit = s.unit OFFSET 0
        ) a
    ), entry AS (
        INSERT INTO ledger_entries
        SELECT account_id, entries + row_number() OVER step, transfer_id, amount, held,
            balance + sum(amount) OVER step, held_before + sum(held) OVER step
        FROM side WHERE kind IN ('user', 'escrow')
        WINDOW step AS (PARTITION BY account_id ORDER BY number)
        RETURNING account_id, number, balance_after, held_after
    ), last_entry AS (
        SELECT DISTINCT ON (account_id) * FROM entry ORDER BY account_id, number DESC
    ), moved AS (
        UPDATE ledger_accounts a
        SET balance = e.balance_after, held = e.held_after, entries = e.number
        FROM last_entry e, LATERAL (
            SELECT r.ctid AS place FROM ledger_accounts r WHERE r.id = e.account_id OFFSET 0
        ) r WHERE a.ctid = r.place
    ), striped AS (
        INSERT INTO ledger_stripes AS s (account_id, stripe, balance)
        SELECT account_id, pg_backend_pid() % 64, sum(amount)
        FROM side WHERE kind NOT IN ('user', 'escrow') GROUP BY account_id ORDER BY account_id
        ON CONFLICT (account_id, stripe) DO UPDATE SET balance = s.balance + excluded.balance
    )
    SELECT count(*) INTO sides FROM side;

    IF sides <> wanted THEN
        RAISE EXCEPTION 'expected accounts of the unit of the transfer'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'ledger_transfers_between_accounts';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_post AFTER INSERT ON ledger_transfers
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION ledger_post();

CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER ledger_transfers_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transfers
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();

-- What makes an account that account is never changed, and no account is removed: transfers name it.
CREATE FUNCTION ledger_account_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an account stays what it is' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER ledger_accounts_stay BEFORE DELETE OR TRUNCATE OR UPDATE OF id, owner_id, kind, unit, expires_at_ms
    ON ledger_accounts FOR EACH STATEMENT EXECUTE FUNCTION ledger_account_stays();
