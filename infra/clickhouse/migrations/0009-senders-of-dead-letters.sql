-- Column of dead letters: the token that a record was sent with, so that a person knows whom to ask, and so that a letter which is
-- sent again becomes no more than what its sender could have sent. Letters that are stored already did not say it.

ALTER TABLE dead_letters ADD COLUMN IF NOT EXISTS sender LowCardinality(String);
