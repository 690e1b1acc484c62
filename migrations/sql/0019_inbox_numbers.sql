-- Inbox messages are numbered by user in the order in which they are committed, so that whoever was told
-- up to a number goes on behind it. An id or a moment would not do: what commits later may have the lower one.

ALTER TABLE notifications ADD COLUMN number bigint;
UPDATE notifications n SET number = numbered.number FROM (
    SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY created_at, id) AS number FROM notifications
) numbered WHERE numbered.id = n.id;
ALTER TABLE notifications ALTER COLUMN number SET NOT NULL;
CREATE UNIQUE INDEX notifications_number ON notifications (user_id, number);

-- The lock lasts as long as the transaction: the next number is given out once this one is there for all.
CREATE FUNCTION notifications_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('inbox/' || NEW.user_id::text, 0));
    NEW.number := (SELECT coalesce(max(number), 0) + 1 FROM notifications WHERE user_id = NEW.user_id);
    RETURN NEW;
END $$;

CREATE TRIGGER notifications_number BEFORE INSERT ON notifications
    FOR EACH ROW EXECUTE FUNCTION notifications_number();
