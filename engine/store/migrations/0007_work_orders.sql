-- A row of work_orders is the newest `work_order` event of its number. A request's state is that of its newest `request_state` event.
ALTER TABLE work_orders ADD COLUMN about TEXT NOT NULL DEFAULT '';
ALTER TABLE work_orders ADD COLUMN priority INTEGER NOT NULL DEFAULT 5;
ALTER TABLE work_orders ADD COLUMN by TEXT NOT NULL DEFAULT '';
ALTER TABLE work_orders ADD COLUMN why TEXT NOT NULL DEFAULT '';
ALTER TABLE work_orders ADD COLUMN changed_at REAL NOT NULL DEFAULT 0;
CREATE INDEX work_orders_live ON work_orders (number) WHERE state <> 'resolved';

-- What the problem code requires, as JSON: name -> value.
ALTER TABLE requests ADD COLUMN information TEXT NOT NULL DEFAULT '{}';
CREATE INDEX requests_by_work_order ON requests (work_order) WHERE work_order IS NOT NULL;

-- Open work orders are known after a restart, with all that hangs on them, however long ago it was reported.
CREATE INDEX work_order_events ON events (json_extract(data, '$.number'), seq) WHERE kind = 'work_order';
CREATE INDEX events_of_work_orders ON events (json_extract(data, '$.work_order'), seq)
    WHERE kind IN ('request', 'request_state') AND json_extract(data, '$.work_order') IS NOT NULL;
