-- Money in and out over Solana: what we own there, what came in, and what goes out.

CREATE TABLE chain_accounts (
    -- What holds the coins: the wallet itself for SOL, its token account for USDT.
    account text PRIMARY KEY,
    -- The wallet, which is what a player sends to.
    address text NOT NULL,
    -- The key that signs for it, m/44'/501'/key_index'/0'; the hot wallet's is 0.
    key_index bigint NOT NULL CHECK (key_index BETWEEN 0 AND 2147483647),
    -- Whose deposits it takes; null for the hot wallet.
    user_id uuid REFERENCES users (id),
    currency text NOT NULL CHECK (currency IN ('SOL', 'USDT')),
    -- The hash of the first block of the chain, kept with the hot wallet once a node has told it.
    genesis text,
    -- The newest transaction up to which all were seen.
    cursor text,
    -- A scan goes back from its head to the cursor, and has come as far as the last one: page behind
    -- page, each beginning with what the one in front of it ended with.
    scan_head text,
    scan_before text,
    scan_last text,
    -- When it was last seen, and when somebody last tried.
    scanned_at timestamptz,
    tried_at timestamptz,
    -- What came in and was too little to be credited, until more comes.
    waiting bigint NOT NULL DEFAULT 0 CHECK (waiting >= 0),
    -- What came in and was not gathered in the hot wallet yet, as far as it was seen.
    to_gather bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (user_id, currency),
    CHECK ((user_id IS NULL) = (key_index = 0)),
    CHECK (genesis IS NULL OR user_id IS NULL),
    CHECK (num_nulls(scan_head, scan_before, scan_last) IN (0, 3))
);
-- A player's SOL and USDT have addresses of their own.
CREATE UNIQUE INDEX chain_accounts_key ON chain_accounts (key_index) WHERE user_id IS NOT NULL;
CREATE INDEX chain_accounts_tried ON chain_accounts (tried_at NULLS FIRST, account);
CREATE INDEX chain_accounts_scanned ON chain_accounts (scanned_at);
CREATE INDEX chain_accounts_unscanned ON chain_accounts (created_at) WHERE scanned_at IS NULL;
CREATE INDEX chain_accounts_address ON chain_accounts (address);
CREATE INDEX chain_accounts_waiting ON chain_accounts (currency) WHERE waiting > 0;
CREATE INDEX chain_accounts_to_gather ON chain_accounts (account) WHERE to_gather > 0;

CREATE TABLE deposits (
    -- The ledger's transfer.
    id uuid PRIMARY KEY,
    account text NOT NULL REFERENCES chain_accounts (account),
    -- Who got it; null for the house.
    user_id uuid REFERENCES users (id),
    currency text NOT NULL CHECK (currency IN ('SOL', 'USDT')),
    amount bigint NOT NULL CHECK (amount > 0),
    -- What was credited with it: nothing where it was too little, else it and all that waited before.
    credited bigint NOT NULL CHECK (credited = 0 OR credited >= amount),
    signature text NOT NULL,
    slot bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (signature, account)
);

CREATE TABLE withdrawals (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    currency text NOT NULL CHECK (currency IN ('SOL', 'USDT')),
    amount bigint NOT NULL CHECK (amount > 0),
    -- What of it is kept for opening the wallet's token account, as it was last signed.
    fee bigint NOT NULL DEFAULT 0,
    -- The wallet that gets it.
    address text NOT NULL,
    status text NOT NULL
        CHECK (status IN ('IN_REVIEW', 'APPROVED', 'SENDING', 'COMPLETED', 'REJECTED', 'FAILED')),
    -- Who decided; null where nobody had to.
    reviewer_id uuid REFERENCES users (id),
    -- Why it was rejected or failed, as the player is told.
    reason text,
    -- The transaction that moved it.
    signature text,
    -- Until when something can be signed for it: as long as its hold lives.
    expires_at_ms bigint NOT NULL,
    -- The status that its workflow was last told.
    told_status text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((status IN ('REJECTED', 'FAILED')) = (reason IS NOT NULL)),
    CHECK ((status = 'COMPLETED') = (signature IS NOT NULL)),
    CHECK (reviewer_id IS DISTINCT FROM user_id),
    CHECK (fee >= 0 AND fee < amount)
);
CREATE INDEX withdrawals_of_user ON withdrawals (user_id, created_at, id);
CREATE INDEX withdrawals_in_review ON withdrawals (expires_at_ms, id) WHERE status = 'IN_REVIEW';
CREATE INDEX withdrawals_to_pay ON withdrawals (updated_at, id) WHERE status IN ('APPROVED', 'SENDING');
CREATE INDEX withdrawals_open ON withdrawals (id) WHERE status IN ('IN_REVIEW', 'APPROVED', 'SENDING');
CREATE INDEX withdrawals_to_tell ON withdrawals (id) WHERE told_status IS DISTINCT FROM status;

-- Every transaction that we ever signed, from before it was sent.
CREATE TABLE chain_transactions (
    signature text PRIMARY KEY,
    -- What it pays; null for what only gathers our own.
    withdrawal_id uuid REFERENCES withdrawals (id),
    -- Which of our accounts it takes from.
    account text NOT NULL REFERENCES chain_accounts (account),
    currency text NOT NULL CHECK (currency IN ('SOL', 'USDT')),
    amount bigint NOT NULL CHECK (amount > 0),
    bytes bytea NOT NULL,
    -- The height of the last block that takes it.
    last_valid_height bigint NOT NULL,
    -- The slot that the chain had come to when it was signed: nothing of it stands in a block before.
    signed_slot bigint NOT NULL,
    -- LIVE while it may happen, EXPIRED once it is proven that it never will.
    status text NOT NULL CHECK (status IN ('LIVE', 'FINALIZED', 'FAILED', 'EXPIRED')),
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    CHECK ((status = 'LIVE') = (ended_at IS NULL))
);
-- Nothing is paid by two transactions, whatever the program believes.
CREATE UNIQUE INDEX chain_transactions_one_payment ON chain_transactions (withdrawal_id)
    WHERE status IN ('LIVE', 'FINALIZED');
CREATE UNIQUE INDEX chain_transactions_one_sweep ON chain_transactions (account)
    WHERE withdrawal_id IS NULL AND status = 'LIVE';
CREATE INDEX chain_transactions_of_withdrawal ON chain_transactions (withdrawal_id);
CREATE INDEX chain_transactions_live ON chain_transactions (created_at) WHERE status = 'LIVE';
