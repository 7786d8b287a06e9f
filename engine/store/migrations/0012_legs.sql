-- Seconds of talk_s in which the caller was on hold, and everybody who was connected with them or called in (JSON).
ALTER TABLE contacts ADD COLUMN hold_s REAL;
ALTER TABLE contacts ADD COLUMN legs TEXT;
