import * as t from 'io-ts';
import { about, decodeWith, durationIn, integerIn, maybe, NonEmptyString, oneOf, scalar, withDefault } from 'kahets';

const TABLE = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/;

const isTable = (value: unknown): value is string => typeof value === 'string' && TABLE.test(value);

const Table = scalar(
  'a table in small letters, such as messages or public.messages',
  isTable,
  (input) => (isTable(input) ? input : undefined),
  { type: 'string', pattern: TABLE.source },
);

export const VALUE_TYPES = ['bytea', 'text', 'jsonb'] as const;

export const Settings = t.type({
  host: about(
    withDefault(NonEmptyString, '/var/run/postgresql'),
    'the folder of its UNIX socket, or the name of a host',
  ),
  port: about(withDefault(integerIn(1, 65_535), 5432), 'of the socket, too'),
  database: about(NonEmptyString, 'the database'),
  user: about(NonEmptyString, 'the role, which may INSERT into the table'),
  password: about(maybe(NonEmptyString), 'of the role', ['${PGPASSWORD}']),
  table: about(withDefault(Table, 'messages'), 'where the messages go'),
  valueType: about(
    withDefault<(typeof VALUE_TYPES)[number]>(oneOf(VALUE_TYPES), 'bytea'),
    'the type of its column `value`; what does not convert is never taken',
  ),
  timeoutMs: about(withDefault(durationIn(1, 300_000), 10_000), 'an INSERT that takes longer is cancelled'),
  connections: about(withDefault(integerIn(1, 100), 4), 'at most; each bucket uses one at a time'),
});

export type Settings = t.TypeOf<typeof Settings>;

export const decodeSettings = decodeWith(Settings);
