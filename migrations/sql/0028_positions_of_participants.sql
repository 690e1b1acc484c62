-- A position is one of somebody who plays that battle. One look instead of two at each order, and it
-- locks a row that the order's transaction has changed anyway.
ALTER TABLE positions
    DROP CONSTRAINT positions_battle_id_fkey,
    DROP CONSTRAINT positions_player_id_fkey,
    ADD FOREIGN KEY (battle_id, player_id) REFERENCES arena_participants (battle_id, player_id);
