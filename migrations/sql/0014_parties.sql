-- Friends who enter games together. Written by matcher.

CREATE TABLE parties (
    id uuid PRIMARY KEY,
    leader_id uuid NOT NULL REFERENCES users (id),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE party_members (
    party_id uuid NOT NULL REFERENCES parties (id) ON DELETE CASCADE,
    player_id uuid NOT NULL REFERENCES users (id),
    invited_at timestamptz NOT NULL DEFAULT now(),
    -- Null while the player has not come in.
    joined_at timestamptz,
    PRIMARY KEY (party_id, player_id)
);
CREATE INDEX party_members_player ON party_members (player_id);
-- One is in one party at a time.
CREATE UNIQUE INDEX party_members_joined ON party_members (player_id) WHERE joined_at IS NOT NULL;

-- With whom a ticket was taken. The party may be gone since.
ALTER TABLE tickets ADD party_id uuid;
CREATE INDEX tickets_party ON tickets (party_id) WHERE party_id IS NOT NULL AND status = 'QUEUED';
