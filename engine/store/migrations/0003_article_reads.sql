-- Which articles callers heard, and whether they helped: an article that never does is a bad one.
CREATE TABLE article_reads (
    contact TEXT NOT NULL REFERENCES contacts (id),
    article TEXT NOT NULL,
    solved  INTEGER NOT NULL CHECK (solved IN (0, 1)),
    at      REAL NOT NULL
) STRICT;
CREATE INDEX article_reads_by_article ON article_reads (article, at);
