-- With whom a caller spoke last: by their number, and by the customer they were known as.
CREATE INDEX contacts_spoken_by_number ON contacts (from_number, arrived_at) WHERE agent IS NOT NULL;
CREATE INDEX contacts_spoken_by_customer ON contacts (json_extract(entitlement, '$.customer'), arrived_at) WHERE agent IS NOT NULL;
