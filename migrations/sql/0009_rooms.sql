-- Rooms: battles that wait for players whom somebody asked, not matchmaking. A place in a room is a
-- ticket, so that a player has one live place per game, whichever way he came, and its fee is held
-- and released in one way.

ALTER TABLE battles
    -- What a private room asks for; a public one asks for nothing.
    ADD invite_code text UNIQUE,
    -- When a room that has not opened is given up, on the exchange's clock.
    ADD expires_at_ms bigint,
    ADD CONSTRAINT battles_room CHECK (
        CASE origin
            WHEN 'ROOM' THEN creator_id IS NOT NULL AND expires_at_ms IS NOT NULL
            ELSE creator_id IS NULL AND expires_at_ms IS NULL AND invite_code IS NULL AND status <> 'WAITING'
        END);
CREATE INDEX battles_waiting ON battles (expires_at_ms) WHERE status = 'WAITING';

ALTER TABLE tickets
    ADD room_id uuid REFERENCES battles (id),
    DROP CONSTRAINT tickets_status_check,
    ADD CONSTRAINT tickets_status_check
        CHECK (status IN ('QUEUED', 'SEATED', 'LEFT', 'EXPIRED', 'KICKED')),
    ADD CONSTRAINT tickets_room CHECK (
        (status <> 'KICKED' OR room_id IS NOT NULL) AND (room_id IS NULL OR battle_id IS NULL OR battle_id = room_id));
CREATE INDEX tickets_room ON tickets (room_id, player_id) WHERE room_id IS NOT NULL;
