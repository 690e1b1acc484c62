-- What every service keeps for itself: messages to publish, messages seen, messages given up on,
-- outcomes of commands, leases. Each role sees and writes its own rows alone.

-- The service whose role is connected: 'battlesbit_arena' → 'arena'.
CREATE FUNCTION current_service() RETURNS text
LANGUAGE sql STABLE AS $$ SELECT substr(current_user::text, length('battlesbit_') + 1) $$;

CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY,
    service text NOT NULL DEFAULT current_service(),
    bucket smallint NOT NULL CHECK (bucket BETWEEN 0 AND 63),
    aggregate_id uuid NOT NULL,
    version bigint NOT NULL,
    subject text NOT NULL,
    payload text NOT NULL,
    headers jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz
);
CREATE INDEX outbox_waiting ON outbox (service, bucket, number) WHERE published_at IS NULL;
CREATE INDEX outbox_waiting_by_aggregate ON outbox (service, aggregate_id, version, number)
    WHERE published_at IS NULL;
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;

CREATE TABLE inbox (
    service text NOT NULL DEFAULT current_service(),
    consumer text NOT NULL,
    message_id text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service, consumer, message_id)
);
CREATE INDEX inbox_received ON inbox (service, received_at);

CREATE TABLE dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service text NOT NULL DEFAULT current_service(),
    consumer text NOT NULL,
    stream text NOT NULL,
    stream_sequence bigint NOT NULL,
    subject text NOT NULL,
    message_id text,
    headers jsonb NOT NULL DEFAULT '{}',
    payload bytea NOT NULL,
    cause text NOT NULL,
    deliveries bigint NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    resolution text CHECK (resolution IN ('REPLAYED', 'DROPPED')),
    resolved_at timestamptz,
    CHECK ((resolution IS NULL) = (resolved_at IS NULL)),
    UNIQUE (service, consumer, stream, stream_sequence)
);
CREATE INDEX dead_letters_waiting ON dead_letters (service, id) WHERE resolution IS NULL;
CREATE INDEX dead_letters_resolved ON dead_letters (service, resolved_at) WHERE resolution IS NOT NULL;

CREATE TABLE command_outcomes (
    service text NOT NULL DEFAULT current_service(),
    caller_id uuid NOT NULL,
    verb text NOT NULL,
    request_id uuid NOT NULL,
    body_hash text NOT NULL,
    outcome jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service, caller_id, verb, request_id)
);
CREATE INDEX command_outcomes_created ON command_outcomes (service, created_at);

CREATE TABLE leases (
    service text NOT NULL DEFAULT current_service(),
    name text NOT NULL,
    owner text,
    epoch bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (service, name)
);
