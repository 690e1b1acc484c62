-- Other ways into an account than a mail address. Written by web.

-- A guest has none.
ALTER TABLE users ALTER email DROP NOT NULL;
-- In base58.
ALTER TABLE users ADD solana_address text CONSTRAINT users_solana_address UNIQUE
    CHECK (length(solana_address) BETWEEN 32 AND 44);
