-- A record is written, downloaded and exported in parts, one after the other: it may be longer than
-- a value of Postgres, and nobody has to hold all of it.
CREATE TABLE audit_record_parts (
    battle_id uuid NOT NULL,
    -- From 0, without holes.
    part integer NOT NULL CHECK (part >= 0),
    bytes bytea NOT NULL CHECK (octet_length(bytes) > 0),
    PRIMARY KEY (battle_id, part)
);
INSERT INTO audit_record_parts (battle_id, part, bytes)
SELECT battle_id, part, substring(record FROM part * 262144 + 1 FOR 262144)
FROM audit_records, generate_series(0, (octet_length(record) - 1) / 262144) AS part;

ALTER TABLE audit_records ADD COLUMN size bigint CHECK (size > 0);
UPDATE audit_records SET size = octet_length(record);
ALTER TABLE audit_records ALTER COLUMN size SET NOT NULL, DROP COLUMN record;

-- The parts are written first: the record itself goes with the result.
ALTER TABLE audit_record_parts ADD FOREIGN KEY (battle_id) REFERENCES audit_records (battle_id)
    DEFERRABLE INITIALLY DEFERRED;
