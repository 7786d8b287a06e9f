-- What callers want, and what is done about it. A row of requests is the newest `request` event of its number.
CREATE TABLE work_orders (
    number    INTEGER PRIMARY KEY,
    code      TEXT,
    title     TEXT NOT NULL,
    customer  TEXT NOT NULL DEFAULT '',
    state     TEXT NOT NULL DEFAULT 'open',
    opened_at REAL NOT NULL,
    due_at    REAL,
    closed_at REAL
) STRICT;

CREATE TABLE requests (
    number      INTEGER PRIMARY KEY,
    contact     TEXT NOT NULL REFERENCES contacts (id),
    kind        TEXT NOT NULL CHECK (kind IN ('information', 'action', 'comment')),
    code        TEXT,
    priority    INTEGER NOT NULL,
    state       TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'working', 'waiting', 'resolved')),
    customer    TEXT NOT NULL DEFAULT '',
    from_number TEXT NOT NULL,
    note        TEXT NOT NULL DEFAULT '',
    opened_at   REAL NOT NULL,
    changed_at  REAL NOT NULL,
    owner       TEXT,
    tier        INTEGER NOT NULL DEFAULT 1,
    due_at      REAL,
    work_order  INTEGER REFERENCES work_orders (number)
) STRICT;
CREATE INDEX requests_by_contact ON requests (contact);
CREATE INDEX requests_by_customer ON requests (customer, number) WHERE customer <> '';
CREATE INDEX requests_by_caller ON requests (from_number, number);
CREATE INDEX requests_live ON requests (priority, opened_at) WHERE state <> 'resolved';

CREATE TABLE survey_answers (
    contact  TEXT NOT NULL REFERENCES contacts (id),
    survey   TEXT NOT NULL,
    question TEXT NOT NULL,
    answer   INTEGER NOT NULL,
    at       REAL NOT NULL,
    PRIMARY KEY (contact, survey, question)
) STRICT;
