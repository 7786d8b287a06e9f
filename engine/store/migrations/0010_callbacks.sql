-- A callback is a contact of its own; this is the one that asked for it.
ALTER TABLE contacts ADD COLUMN callback_of TEXT;
