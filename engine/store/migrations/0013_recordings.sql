-- Recordings of conversations that are in the state's recordings folder, and until when (epoch seconds; null: for ever).
CREATE TABLE recordings (name TEXT PRIMARY KEY, contact TEXT NOT NULL, file TEXT NOT NULL, seconds REAL NOT NULL, at REAL NOT NULL, until REAL);
CREATE INDEX recordings_contact ON recordings (contact);
