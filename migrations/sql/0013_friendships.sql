-- Who is whose friend, wants to be, or wants no more to do with whom. Written by web.

-- One row for two users, whoever of them began; none where they have nothing to do with each other.
CREATE TABLE friendships (
    id uuid PRIMARY KEY,
    -- The two, the lower id first.
    one_id uuid NOT NULL REFERENCES users (id),
    other_id uuid NOT NULL REFERENCES users (id),
    status text NOT NULL CHECK (status IN ('STRANGERS', 'ASKED', 'FRIENDS')),
    -- Which of them has asked; null unless somebody waits for an answer.
    asked_by uuid,
    one_blocks boolean NOT NULL DEFAULT false,
    other_blocks boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT friendships_pair UNIQUE (one_id, other_id),
    CONSTRAINT friendships_ordered CHECK (one_id < other_id),
    CONSTRAINT friendships_asked CHECK (
        (status = 'ASKED') = (asked_by IS NOT NULL) AND (asked_by IS NULL OR asked_by IN (one_id, other_id))),
    -- Who blocks is a stranger; strangers of whom nobody blocks have no row.
    CONSTRAINT friendships_blocked CHECK ((status = 'STRANGERS') = (one_blocks OR other_blocks))
);
CREATE INDEX friendships_other ON friendships (other_id);
