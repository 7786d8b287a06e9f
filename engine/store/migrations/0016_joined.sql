-- The contact whose place this one has taken, or that has taken this one's: both ends of what an agent joined.
ALTER TABLE contacts ADD COLUMN joined TEXT;
