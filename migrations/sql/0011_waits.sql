-- How long players were told that they would wait for a match, and how long they did.

ALTER TABLE tickets
    -- As the player was told on joining: how long, and by how much that was wrong lately. Null while
    -- nobody has been matched.
    ADD estimated_wait_ms bigint CHECK (estimated_wait_ms >= 0),
    ADD estimated_wait_error_ms bigint CHECK (estimated_wait_error_ms >= 0),
    -- When it became a seat, on the exchange's clock.
    ADD seated_at_ms bigint;
CREATE INDEX tickets_seated ON tickets (game_id, seated_at_ms)
    WHERE seated_at_ms IS NOT NULL AND room_id IS NULL;
