-- The log is the truth; contacts and messages are kept beside it, in the same transactions, so that listing them needs no folding.
CREATE TABLE events (
    seq     INTEGER PRIMARY KEY,
    at      REAL NOT NULL,
    contact TEXT,
    agent   TEXT,
    kind    TEXT NOT NULL,
    data    TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_contact ON events (contact, seq) WHERE contact IS NOT NULL;
CREATE INDEX agent_states ON events (agent, seq) WHERE kind = 'agent_state';

CREATE TABLE contacts (
    id                TEXT PRIMARY KEY,
    from_number       TEXT NOT NULL,
    to_number         TEXT NOT NULL,
    flow              TEXT NOT NULL,
    flow_hash         TEXT NOT NULL,
    language          TEXT NOT NULL,
    arrived_at        REAL NOT NULL,
    answered_at       REAL,
    enqueued_at       REAL,
    connected_at      REAL,
    ended_at          REAL,
    outcome           TEXT,
    queue             TEXT,
    agent             TEXT,
    position_at_entry INTEGER,
    wait_s            REAL,
    talk_s            REAL
) STRICT;
CREATE INDEX contacts_by_arrival ON contacts (arrived_at);
CREATE INDEX contacts_open ON contacts (id) WHERE ended_at IS NULL;

CREATE TABLE messages (
    contact TEXT NOT NULL REFERENCES contacts (id),
    mailbox TEXT NOT NULL,
    file    TEXT NOT NULL UNIQUE,
    seconds REAL NOT NULL,
    at      REAL NOT NULL
) STRICT;
CREATE INDEX messages_by_contact ON messages (contact);

-- Every version of a flow that ever took a call, so that its calls can be replayed years later.
CREATE TABLE flows (
    hash   TEXT PRIMARY KEY,
    name   TEXT NOT NULL,
    source TEXT NOT NULL,
    at     REAL NOT NULL
) STRICT;
