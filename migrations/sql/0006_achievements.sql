-- What players have done and what it earned them. Written by achievement.

CREATE TABLE achievement_definitions (
    id uuid PRIMARY KEY,
    title text NOT NULL,
    description text NOT NULL,
    metric text NOT NULL,
    threshold bigint NOT NULL CHECK (threshold >= 1),
    experience bigint NOT NULL CHECK (experience >= 0),
    is_active boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX achievement_definitions_metric ON achievement_definitions (metric) WHERE deleted_at IS NULL;

CREATE TABLE achievement_metrics (
    user_id uuid NOT NULL REFERENCES users (id),
    metric text NOT NULL,
    value bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, metric)
);

CREATE TABLE achievement_grants (
    id uuid PRIMARY KEY,
    definition_id uuid NOT NULL REFERENCES achievement_definitions (id),
    user_id uuid NOT NULL REFERENCES users (id),
    granted_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT achievement_grants_once UNIQUE (definition_id, user_id)
);
CREATE INDEX achievement_grants_user ON achievement_grants (user_id, id);
