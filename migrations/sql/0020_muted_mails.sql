-- Which notices a user does not want by mail.

CREATE TABLE muted_mails (
    user_id uuid NOT NULL REFERENCES users (id),
    -- As notifications.kind.
    kind text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, kind)
);
