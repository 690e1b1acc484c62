-- Nobody spends another's money, no party lasts for ever, and nobody sees that he is blocked.

-- The room whose entry fee a member agrees to pay where the party's leader takes places there.
ALTER TABLE party_members ADD ready_for uuid REFERENCES battles (id),
    ADD CONSTRAINT party_members_ready CHECK (ready_for IS NULL OR joined_at IS NOT NULL);

ALTER TABLE parties
    -- When it ends unless something happens in it before, on the exchange's clock.
    ADD expires_at_ms bigint NOT NULL
        DEFAULT (extract(epoch FROM now()) * 1000)::bigint + 12 * 60 * 60 * 1000;
ALTER TABLE parties ALTER expires_at_ms DROP DEFAULT;
CREATE INDEX parties_expire ON parties (expires_at_ms);

ALTER TABLE friendships
    -- Since when each of the two blocks the other: what one does shows in nothing that the other sees.
    ADD one_blocked_at timestamptz,
    ADD other_blocked_at timestamptz;
UPDATE friendships SET one_blocked_at = CASE WHEN one_blocks THEN updated_at END,
    other_blocked_at = CASE WHEN other_blocks THEN updated_at END;
ALTER TABLE friendships ADD CONSTRAINT friendships_blocked_at CHECK (
    one_blocks = (one_blocked_at IS NOT NULL) AND other_blocks = (other_blocked_at IS NOT NULL));
