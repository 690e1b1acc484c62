-- Who has how many cups, to be ranked by: what each ranked match changed, added up by season. Written
-- by matcher, with what settles a match. The ledger keeps the cups themselves; its accounts have no
-- index by balance, which each movement would have to change.

CREATE TABLE season_cups (
    -- The months since the year 0; 0 for all seasons together.
    season integer NOT NULL CHECK (season >= 0),
    user_id uuid NOT NULL,
    -- Gained and lost; in all seasons together what the user holds.
    cups bigint NOT NULL CHECK (season > 0 OR cups >= 0),
    PRIMARY KEY (user_id, season)
);
CREATE INDEX season_cups_rank ON season_cups (season, cups, user_id);

INSERT INTO season_cups (season, user_id, cups)
SELECT played.season, s.player_id, sum(coalesce(s.cups_change, 0))
FROM seats s
JOIN battles b ON b.id = s.battle_id
CROSS JOIN LATERAL (
    SELECT to_timestamp(b.end_time_ms / 1000.0) AT TIME ZONE 'UTC' AS ended) moment
CROSS JOIN LATERAL (
    SELECT (extract(year FROM ended) * 12 + extract(month FROM ended) - 1)::integer AS season) played
WHERE b.status = 'CLOSED' AND b.ranked
GROUP BY played.season, s.player_id;

INSERT INTO season_cups (season, user_id, cups)
SELECT 0, played.user_id, coalesce(a.balance, 0)
FROM (SELECT DISTINCT user_id FROM season_cups) played
LEFT JOIN ledger_accounts a ON a.owner_id = played.user_id AND a.kind = 'user' AND a.unit = 'CUPS'
    AND a.expires_at_ms IS NULL;
