-- Who was told what. Written by notifications.

CREATE TABLE notifications (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    kind text NOT NULL,
    notice jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    read_at timestamptz
);
CREATE INDEX notifications_user ON notifications (user_id, id);
CREATE INDEX notifications_unread ON notifications (user_id) WHERE read_at IS NULL;

-- One row per message that left the house. An address is never kept here.
CREATE TABLE deliveries (
    message_id text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('EMAIL', 'PUSH', 'IN_APP')),
    user_id uuid REFERENCES users (id),
    kind text NOT NULL,
    delivered_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (message_id, channel)
);
CREATE INDEX deliveries_user ON deliveries (user_id);
