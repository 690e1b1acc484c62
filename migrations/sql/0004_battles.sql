-- Who meets whom, and who gets paid. Written by matcher.

CREATE TABLE games (
    id uuid PRIMARY KEY,
    is_active boolean NOT NULL,
    current_version integer NOT NULL CHECK (current_version >= 1),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);

CREATE TABLE game_versions (
    game_id uuid NOT NULL REFERENCES games (id) DEFERRABLE INITIALLY DEFERRED,
    version integer NOT NULL CHECK (version >= 1),
    template jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (game_id, version)
);

CREATE TABLE battles (
    id uuid PRIMARY KEY,
    game_id uuid NOT NULL,
    game_version integer NOT NULL,
    template jsonb NOT NULL,
    origin text NOT NULL CHECK (origin IN ('QUEUE', 'ROOM')),
    creator_id uuid REFERENCES users (id),
    status text NOT NULL CHECK (status IN ('WAITING', 'OPEN', 'SETTLING', 'CLOSED', 'CANCELED')),
    ranked boolean NOT NULL,
    shard smallint NOT NULL CHECK (shard BETWEEN 0 AND 63),
    start_time_ms bigint,
    end_time_ms bigint,
    clock_offset_ns bigint,
    winner_id uuid REFERENCES users (id),
    record_sha256 text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (game_id, game_version) REFERENCES game_versions (game_id, version),
    CHECK (start_time_ms < end_time_ms),
    CHECK (status IN ('WAITING', 'CANCELED')
        OR (start_time_ms IS NOT NULL AND end_time_ms IS NOT NULL AND clock_offset_ns IS NOT NULL))
);
CREATE INDEX battles_due ON battles (end_time_ms) WHERE status IN ('OPEN', 'SETTLING');
CREATE INDEX battles_running ON battles (shard) WHERE status IN ('OPEN', 'SETTLING');
CREATE INDEX battles_game ON battles (game_id, id);

CREATE TABLE tickets (
    id uuid PRIMARY KEY,
    game_id uuid NOT NULL,
    game_version integer NOT NULL,
    player_id uuid NOT NULL REFERENCES users (id),
    status text NOT NULL CHECK (status IN ('QUEUED', 'SEATED', 'LEFT', 'EXPIRED')),
    -- The transfer that holds the entry fee; none when the game is free.
    hold_id uuid REFERENCES ledger_transfers (id),
    cups bigint NOT NULL,
    queued_at_ms bigint NOT NULL,
    expires_at_ms bigint NOT NULL,
    battle_id uuid REFERENCES battles (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (game_id, game_version) REFERENCES game_versions (game_id, version),
    CONSTRAINT tickets_hold UNIQUE (hold_id),
    CHECK ((status = 'SEATED') = (battle_id IS NOT NULL))
);
CREATE UNIQUE INDEX tickets_live ON tickets (player_id, game_id) WHERE status = 'QUEUED';
CREATE INDEX tickets_queue ON tickets (game_id, queued_at_ms, id) WHERE status = 'QUEUED';
CREATE INDEX tickets_player ON tickets (player_id, created_at);
CREATE INDEX tickets_due ON tickets (expires_at_ms) WHERE status = 'QUEUED';

CREATE TABLE seats (
    battle_id uuid NOT NULL REFERENCES battles (id),
    number smallint NOT NULL CHECK (number >= 1),
    participant_id uuid NOT NULL UNIQUE,
    player_id uuid NOT NULL REFERENCES users (id),
    ticket_id uuid UNIQUE REFERENCES tickets (id),
    -- As they were when the battle opened.
    cups bigint NOT NULL,
    experience bigint NOT NULL,
    -- What the battle came to; null until it is settled.
    rank integer CHECK (rank >= 1),
    final_equity bigint,
    fills integer,
    prize bigint CHECK (prize >= 0),
    cups_change bigint,
    experience_gained bigint,
    PRIMARY KEY (battle_id, number),
    UNIQUE (battle_id, player_id)
);
CREATE INDEX seats_player ON seats (player_id, battle_id);

-- Uses of an item that a player took into a battle, by the lot that they came from.
CREATE TABLE seat_items (
    battle_id uuid NOT NULL,
    player_id uuid NOT NULL,
    lot_id uuid NOT NULL REFERENCES ledger_accounts (id),
    unit text NOT NULL,
    moved bigint NOT NULL CHECK (moved > 0),
    returned bigint CHECK (returned BETWEEN 0 AND moved),
    PRIMARY KEY (battle_id, player_id, lot_id),
    FOREIGN KEY (battle_id, player_id) REFERENCES seats (battle_id, player_id)
);
