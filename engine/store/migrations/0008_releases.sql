-- Which version of the site is live is known at the start however long ago it was published.
CREATE INDEX releases ON events (seq) WHERE kind = 'published';
