-- Battles whose market is gone: no result of theirs can be proven any more.

ALTER TABLE arena_battles
    DROP CONSTRAINT arena_battles_status_check,
    ADD CONSTRAINT arena_battles_status_check
        CHECK (status IN ('OPEN', 'FINAL', 'CANCELED', 'LOST')),
    ADD CHECK (NOT (sealed AND status = 'LOST'));
CREATE INDEX arena_battles_lost ON arena_battles (battle_id) WHERE status = 'LOST';
