-- Positions and chips, the log that they follow from, and the sealed results. Written by arena.
--
-- Most rows change again and again. A table's fillfactor leaves room for the next version of a row
-- beside the last one, and no index has a column that changes while a battle runs: then an update
-- touches no index.

-- Who runs a shard, and how far it has read. The first statement of every commit of a shard
-- updates its row where epoch and number of commits are still what the owner thinks. market_state
-- is domain's MarketState and says how far the market stream was read.
CREATE TABLE arena_shards (
    shard smallint PRIMARY KEY CHECK (shard BETWEEN 0 AND 63),
    owner text,
    epoch bigint NOT NULL DEFAULT 0,
    lease_expires_at timestamptz NOT NULL DEFAULT 'epoch',
    commits bigint NOT NULL DEFAULT 0,
    market_state jsonb,
    positions_incarnation bigint,
    positions_sequence bigint,
    CHECK ((market_state IS NULL) = (positions_sequence IS NULL)),
    CHECK ((positions_incarnation IS NULL) = (positions_sequence IS NULL))
) WITH (fillfactor = 10);
INSERT INTO arena_shards (shard) SELECT generate_series(0, 63);

-- domain's BattleState.
CREATE TABLE arena_battles (
    battle_id uuid PRIMARY KEY REFERENCES battles (id),
    shard smallint NOT NULL REFERENCES arena_shards (shard),
    terms jsonb NOT NULL,
    status text NOT NULL CHECK (status IN ('OPEN', 'FINAL', 'CANCELED')),
    log_number bigint NOT NULL,
    accepted bigint NOT NULL,
    last_effective_time_ms bigint,
    finals jsonb NOT NULL,
    -- The market entry that ended it, or behind which it was ended.
    ended_at bigint,
    result jsonb,
    -- Its audit record is kept.
    sealed boolean NOT NULL DEFAULT false,
    CHECK ((status = 'FINAL') = (result IS NOT NULL)),
    CHECK (NOT (sealed AND status = 'OPEN'))
) WITH (fillfactor = 50);
CREATE INDEX arena_battles_open ON arena_battles (shard) WHERE status = 'OPEN';
CREATE INDEX arena_battles_unsealed ON arena_battles (shard) WHERE status <> 'OPEN' AND NOT sealed;

-- domain's ParticipantState.
CREATE TABLE arena_participants (
    battle_id uuid NOT NULL REFERENCES arena_battles (battle_id),
    player_id uuid NOT NULL REFERENCES users (id),
    number integer NOT NULL,
    cash bigint NOT NULL,
    cards_left integer NOT NULL CHECK (cards_left >= 0),
    fills integer NOT NULL,
    usage_second bigint NOT NULL,
    usage_in_second integer NOT NULL,
    usage_orders integer NOT NULL,
    usage_exits integer NOT NULL,
    PRIMARY KEY (battle_id, player_id),
    UNIQUE (battle_id, number)
) WITH (fillfactor = 50);

-- domain's PositionState. Chips and prices are in units of 1e-8, times in milliseconds of the
-- exchange's clock, sequences those of the market stream.
CREATE TABLE positions (
    id uuid PRIMARY KEY,
    battle_id uuid NOT NULL REFERENCES arena_battles (battle_id),
    player_id uuid NOT NULL REFERENCES users (id),
    number bigint NOT NULL,
    symbol text NOT NULL,
    side text NOT NULL CHECK (side IN ('BUY', 'SELL')),
    kind text NOT NULL CHECK (kind IN ('MARKET', 'LIMIT')),
    limit_price bigint,
    margin bigint NOT NULL CHECK (margin > 0),
    leverage smallint NOT NULL CHECK (leverage BETWEEN 1 AND 100),
    size bigint NOT NULL,
    open_fee bigint NOT NULL,
    card_spent boolean NOT NULL,
    stop_loss bigint,
    take_profit bigint,
    status text NOT NULL
        CHECK (status IN ('PENDING', 'OPEN', 'CLOSED', 'LIQUIDATED', 'CANCELED', 'REJECTED')),
    effective_time_ms bigint NOT NULL,
    stale_at_ms bigint,
    fill_trade bigint,
    fill_price bigint,
    fill_time_ms bigint,
    fill_sequence bigint,
    liquidation_price bigint,
    end_cause text,
    end_time_ms bigint,
    end_sequence bigint,
    exit_trade bigint,
    exit_price bigint,
    exit_trade_time_ms bigint,
    profit bigint,
    close_fee bigint,
    payout bigint,
    noted jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (battle_id, number),
    CHECK ((kind = 'LIMIT') = (limit_price IS NOT NULL)),
    CHECK ((status IN ('PENDING', 'OPEN')) = (end_cause IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX positions_player ON positions (player_id, battle_id);

-- What became of a command, so that a repeat hears the same.
CREATE TABLE position_outcomes (
    battle_id uuid NOT NULL,
    player_id uuid NOT NULL,
    request_id uuid NOT NULL,
    position_id uuid,
    body_hash text NOT NULL,
    outcome jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (battle_id, player_id, request_id)
);
CREATE INDEX position_outcomes_position ON position_outcomes (position_id);

CREATE TABLE battle_log (
    battle_id uuid NOT NULL REFERENCES arena_battles (battle_id),
    number bigint NOT NULL,
    entry jsonb NOT NULL,
    PRIMARY KEY (battle_id, number)
);

CREATE TABLE battle_results (
    battle_id uuid PRIMARY KEY REFERENCES arena_battles (battle_id),
    result jsonb NOT NULL,
    record_sha256 text NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE audit_records (
    battle_id uuid PRIMARY KEY REFERENCES arena_battles (battle_id),
    sha256 text NOT NULL,
    record bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
