-- Money, items, experience and cups: keyed, append-only movements between accounts of one unit.
--
-- A service inserts accounts and transfers; only the trigger below moves a balance. The balances
-- of user and escrow accounts are kept in their row, with an entry per movement, and can never be
-- negative. House and outside accounts take part in almost everything, so their balance is spread
-- over stripes that seldom meet, and may be negative: outside is what the world gave us.

CREATE TABLE ledger_accounts (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('user', 'house', 'escrow', 'outside')),
    unit text NOT NULL CHECK (unit IN ('USDT', 'SOL', 'BT', 'XP', 'CUPS', 'LEVERAGE_CARD')),
    expires_at_ms bigint,
    balance bigint NOT NULL DEFAULT 0 CHECK (balance >= 0),
    held bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    entries bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ledger_accounts_held_within_balance CHECK (held <= balance),
    CONSTRAINT ledger_accounts_striped
        CHECK (kind IN ('user', 'escrow') OR (balance = 0 AND held = 0 AND entries = 0)),
    UNIQUE (id, unit),
    UNIQUE NULLS NOT DISTINCT (owner_id, kind, unit, expires_at_ms)
);

CREATE TABLE ledger_transfers (
    id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    debit_id uuid NOT NULL,
    credit_id uuid,
    unit text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    phase text NOT NULL CHECK (phase IN ('single', 'pending', 'post', 'void')),
    pending_id uuid REFERENCES ledger_transfers (id),
    kind text NOT NULL,
    reference_id uuid NOT NULL,
    key text NOT NULL,
    body_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ledger_transfers_key UNIQUE (key),
    CONSTRAINT ledger_transfers_one_end UNIQUE (pending_id),
    CONSTRAINT ledger_transfers_resolves CHECK ((phase IN ('post', 'void')) = (pending_id IS NOT NULL)),
    -- A hold reserves its debit side; whom it goes to is said when it is posted.
    CONSTRAINT ledger_transfers_two_sides CHECK ((phase IN ('single', 'post')) = (credit_id IS NOT NULL)),
    CONSTRAINT ledger_transfers_between_two CHECK (debit_id <> credit_id),
    FOREIGN KEY (debit_id, unit) REFERENCES ledger_accounts (id, unit),
    FOREIGN KEY (credit_id, unit) REFERENCES ledger_accounts (id, unit)
);
CREATE INDEX ledger_transfers_reference ON ledger_transfers (reference_id);
CREATE INDEX ledger_transfers_debit ON ledger_transfers (debit_id, number);
CREATE INDEX ledger_transfers_credit ON ledger_transfers (credit_id, number);

-- What one transfer did to one account, and what the account held afterwards.
CREATE TABLE ledger_entries (
    account_id uuid NOT NULL REFERENCES ledger_accounts (id),
    number bigint NOT NULL,
    transfer_id uuid NOT NULL REFERENCES ledger_transfers (id),
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
    account_id uuid NOT NULL REFERENCES ledger_accounts (id),
    stripe smallint NOT NULL,
    balance bigint NOT NULL,
    PRIMARY KEY (account_id, stripe)
);

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

-- It writes what its caller may not. Unless pg_temp is named it is searched first, and the caller's
-- temporary tables would stand in for ours.
CREATE FUNCTION ledger_post() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM posted t LEFT JOIN ledger_transfers p ON p.id = t.pending_id AND p.phase = 'pending'
            AND p.debit_id = t.debit_id AND p.amount = t.amount
        WHERE t.pending_id IS NOT NULL AND p.id IS NULL
    ) THEN
        RAISE EXCEPTION 'expected the account and the amount of the hold that is posted or voided'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transfers_same_as_hold';
    END IF;

    -- One order for everybody, so that two statements never wait for each other in a circle.
    PERFORM FROM ledger_accounts
        WHERE id IN (SELECT debit_id FROM posted UNION SELECT credit_id FROM posted)
            AND kind IN ('user', 'escrow')
        ORDER BY id FOR NO KEY UPDATE;

    WITH side AS (
        SELECT s.*, a.kind FROM ledger_sides s JOIN ledger_accounts a ON a.id = s.account_id
        WHERE s.transfer_id IN (SELECT id FROM posted)
    ), entry AS (
        INSERT INTO ledger_entries
        SELECT a.id, a.entries + row_number() OVER step, s.transfer_id, s.amount, s.held,
            a.balance + sum(s.amount) OVER step, a.held + sum(s.held) OVER step
        FROM side s JOIN ledger_accounts a ON a.id = s.account_id
        WHERE a.kind IN ('user', 'escrow')
        WINDOW step AS (PARTITION BY a.id ORDER BY s.number)
        RETURNING account_id, number, balance_after, held_after
    ), last_entry AS (
        SELECT DISTINCT ON (account_id) * FROM entry ORDER BY account_id, number DESC
    ), moved AS (
        UPDATE ledger_accounts a
        SET balance = e.balance_after, held = e.held_after, entries = e.number
        FROM last_entry e WHERE a.id = e.account_id
    )
    INSERT INTO ledger_stripes AS s (account_id, stripe, balance)
    SELECT account_id, pg_backend_pid() % 16, sum(amount)
    FROM side WHERE kind IN ('house', 'outside') GROUP BY account_id ORDER BY account_id
    ON CONFLICT (account_id, stripe) DO UPDATE SET balance = s.balance + excluded.balance;
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
