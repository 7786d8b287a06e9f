-- How well people heard each other on a leg that has ended, as its event `voice` tells it (JSON).
CREATE TABLE voice (contact TEXT NOT NULL, leg TEXT NOT NULL, at REAL NOT NULL, data TEXT NOT NULL, PRIMARY KEY (contact, leg, at));
