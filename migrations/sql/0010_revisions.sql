-- Closed battles whose result was corrected: every revision as it was, from the first on. What seats
-- and battles say is the last one.

ALTER TABLE battles
    -- Which revision of the result stands; 0 before there is one.
    ADD revision integer NOT NULL DEFAULT 0 CHECK (revision >= 0);
ALTER TABLE seats
    -- Why the player has no result, whom an operator found to have cheated.
    ADD void_reason text;

CREATE TABLE battle_revisions (
    battle_id uuid NOT NULL REFERENCES battles (id),
    number integer NOT NULL CHECK (number >= 1),
    winner_id uuid REFERENCES users (id),
    -- Whose result was made void by it, by whom and why; the first has none.
    player_id uuid REFERENCES users (id),
    operator_id uuid REFERENCES users (id),
    reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (battle_id, number),
    UNIQUE (battle_id, player_id),
    CHECK (CASE number
        WHEN 1 THEN player_id IS NULL AND operator_id IS NULL AND reason IS NULL
        ELSE player_id IS NOT NULL AND operator_id IS NOT NULL AND reason IS NOT NULL END)
);

CREATE TABLE seat_revisions (
    battle_id uuid NOT NULL,
    number integer NOT NULL,
    player_id uuid NOT NULL,
    rank integer NOT NULL CHECK (rank >= 1),
    prize bigint NOT NULL CHECK (prize >= 0),
    -- How much of what was taken back the player had no more, and owes.
    receivable bigint NOT NULL CHECK (receivable >= 0),
    cups_change bigint NOT NULL,
    experience_gained bigint NOT NULL,
    PRIMARY KEY (battle_id, number, player_id),
    FOREIGN KEY (battle_id, number) REFERENCES battle_revisions (battle_id, number),
    FOREIGN KEY (battle_id, player_id) REFERENCES seats (battle_id, player_id)
);
