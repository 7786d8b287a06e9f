-- Known outages are known after a restart however long ago they were told.
CREATE INDEX bulletins ON events (seq) WHERE kind = 'bulletin';
