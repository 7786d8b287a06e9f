-- The last decision about what a contact's caller is entitled to, as JSON (the `entitled` event's).
ALTER TABLE contacts ADD COLUMN entitlement TEXT;

-- The language a caller chose last: `who` is a customer of a source or a caller's number. A row is the newest `remembered` event about them.
CREATE TABLE languages (
    who      TEXT PRIMARY KEY,
    language TEXT NOT NULL,
    at       REAL NOT NULL
) STRICT;
