-- What an agent says the conversation was about; often written when the contact has ended.
ALTER TABLE contacts ADD COLUMN wrap_up_code TEXT;
