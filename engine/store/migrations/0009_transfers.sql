-- The number outside to which a contact's caller was transferred, where they spoke with somebody there.
ALTER TABLE contacts ADD COLUMN transferred_to TEXT;
