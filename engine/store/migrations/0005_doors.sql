-- How the doors stand is known after a restart however long ago it was said.
CREATE INDEX overrides ON events (seq) WHERE kind = 'override';
CREATE INDEX doors ON events (seq) WHERE kind = 'doors';
