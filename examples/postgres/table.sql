CREATE TABLE messages (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order of a bucket
  bucket   text        NOT NULL,
  key      bytea,
  value    bytea,                                           -- as `valueType` says: bytea, text or jsonb
  arrived  timestamptz NOT NULL,
  batch    uuid        NOT NULL,
  position integer     NOT NULL,
  UNIQUE (batch, position)                                  -- what is sent again is not there twice
);
