-- Records are downloaded in slices. Of a value that lies uncompressed, Postgres reads a slice
-- alone; a compressed one it would unpack from its beginning for every slice.
ALTER TABLE audit_records ALTER COLUMN record SET STORAGE EXTERNAL;
