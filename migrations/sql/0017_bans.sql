-- Who is kept out. Written by web.

CREATE TABLE bans (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    -- As the user is told.
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    banned_by uuid NOT NULL REFERENCES users (id),
    created_at timestamptz NOT NULL,
    -- Null: it does not end by itself.
    expires_at timestamptz CHECK (expires_at > created_at),
    lifted_by uuid REFERENCES users (id),
    lifted_at timestamptz,
    CHECK ((lifted_by IS NULL) = (lifted_at IS NULL)),
    CHECK (banned_by <> user_id)
);
-- A new one takes the place of the old one, which is lifted then, and stays to be looked at.
CREATE UNIQUE INDEX bans_standing ON bans (user_id) WHERE lifted_at IS NULL;
