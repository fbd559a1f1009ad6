import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isRight } from 'fp-ts/Either';
import { filter, firstValueFrom, Subject } from 'rxjs';
import { encodeFrame, type Sink } from 'kahets';
import {
  batchOf,
  batchOfRun,
  describeSink,
  messagesOf,
  openSink,
  testEnv,
  written,
  type Written,
} from 'kahets/testing';
import postgres from '../src/postgres';
import { startCluster, USER, type Cluster } from './cluster';
import { describePostgres } from './describePostgres';
import { standBetween } from './standBetween';

const TABLE = readFileSync(path.resolve(__dirname, '../../table.sql'), 'utf8');

let cluster: Cluster;

const createTable = async (name: string, valueType = 'bytea'): Promise<void> => {
  await cluster.query(`DROP TABLE IF EXISTS ${name}`);
  await cluster.query(
    TABLE.replace('TABLE messages', `TABLE ${name}`).replace(/value( +)bytea/, `value$1${valueType}`),
  );
};

const stored = async (bucket: string, table = 'messages'): Promise<readonly string[]> => {
  const rows = await cluster.query<{ value: Buffer | string | object }>(
    `SELECT value FROM ${table} WHERE bucket = $1 ORDER BY id`,
    [bucket],
  );
  return rows.map(({ value }) =>
    typeof value === 'object' && !Buffer.isBuffer(value) ? JSON.stringify(value) : value.toString(),
  );
};

const settings = (others: object = {}) => ({
  ...{ host: cluster.folder, database: 'postgres', user: USER, timeoutMs: 3000, ...others },
});

/** Receipts, then the rest. */
const said = ({ receipts, rest }: Written): readonly unknown[] => [
  ...receipts.map(({ how, batch }) => [how, ...messagesOf(batch)]),
  ...rest.map(({ cause, written: doubt, batch }) => [cause.kind, doubt, ...messagesOf(batch)]),
];

describePostgres('with PostgreSQL', () => {
  beforeAll(async () => {
    cluster = await startCluster();
    await createTable('messages');
  }, 60_000);
  afterAll(() => cluster.remove());

  describeSink('postgres', {
    open: async () => ({ sink: await openSink(postgres, settings()), stored }),
    outage: { begin: () => cluster.stop(), end: () => cluster.start() },
    timeoutMs: 30_000,
  });

  describe('postgres', () => {
    let sink: Sink;
    afterEach(() => sink.close());

    it('keeps keys, and the time of arrival', async () => {
      await createTable('keyed');
      sink = await openSink(postgres, settings({ table: 'keyed' }));
      const batch = batchOfRun('b', [encodeFrame('b', 'one', 'k'), encodeFrame('b', 'two')], 1_700_000_000_123);
      expect(said(await written(sink, batch))).toEqual([['delivered', 'one', 'two']]);
      expect(await cluster.query('SELECT bucket, key, value, arrived, position FROM keyed ORDER BY id')).toEqual([
        {
          bucket: 'b',
          key: Buffer.from('k'),
          value: Buffer.from('one'),
          arrived: new Date(1_700_000_000_123),
          position: 0,
        },
        {
          bucket: 'b',
          key: Buffer.alloc(0),
          value: Buffer.from('two'),
          arrived: new Date(1_700_000_000_123),
          position: 1,
        },
      ]);
    });

    it('finds the messages that do not convert, and takes the others in order', async () => {
      await createTable('documents', 'jsonb');
      sink = await openSink(postgres, settings({ table: 'documents', valueType: 'jsonb' }));
      const batch = batchOf('b', ['{"n":1}', 'no json', '{"n":3}', '{"n":4}', '{"n":5}', '', '{"n":7}']);
      expect(said(await written(sink, batch))).toEqual([
        ['delivered', '{"n":1}'],
        ['delivered', '{"n":3}', '{"n":4}'],
        ['delivered', '{"n":5}'],
        ['delivered', '{"n":7}'],
        ['poison', 'no', 'no json'],
        ['poison', 'no', ''],
      ]);
      expect(await stored('b', 'documents')).toEqual(['{"n":1}', '{"n":3}', '{"n":4}', '{"n":5}', '{"n":7}']);
      expect(await firstValueFrom(sink.health$)).toEqual({ state: 'up' });
    });

    it('finds the messages that a constraint refuses, and shows none of what is in them', async () => {
      await createTable('short', 'text');
      await cluster.query(`ALTER TABLE short ADD CHECK (length(value) < 5)`);
      sink = await openSink(postgres, settings({ table: 'short', valueType: 'text' }));
      const parts = await written(sink, batchOf('b', ['1', 'secret', '3']));
      expect(said(parts)).toEqual([
        ['delivered', '1'],
        ['delivered', '3'],
        ['poison', 'no', 'secret'],
      ]);
      expect(JSON.stringify(parts.rest.map(({ cause }) => cause.message))).not.toContain('secret');
    });

    it('inserts once what is sent again after nobody knew', async () => {
      await createTable('slow');
      // The transaction is committed; its answer comes when the writer has given up.
      await cluster.query(`
        CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$;
        CREATE TRIGGER wait AFTER INSERT ON slow FOR EACH STATEMENT EXECUTE FUNCTION wait()`);
      sink = await openSink(postgres, settings({ table: 'slow' }));
      const batch = batchOf('b', ['1', '2']);
      const giveUp$ = new Subject<void>();
      const ended = written(sink, batch, giveUp$);
      await active('INSERT INTO slow');
      giveUp$.next();
      expect(await ended).toMatchObject({ rest: [{ batch, written: 'unknown', cause: { kind: 'gave_up' } }] });
      expect(said(await written(sink, batch))).toEqual([['delivered', '1', '2']]);
      expect(await stored('b', 'slow')).toEqual(['1', '2']);
    });

    it('a part that is sent again keeps its rows', async () => {
      await createTable('halved', 'text');
      await cluster.query(`ALTER TABLE halved ADD CONSTRAINT taste CHECK (value <> 'bad')`);
      sink = await openSink(postgres, settings({ table: 'halved', valueType: 'text' }));
      const {
        rest: [rest],
      } = await written(sink, batchOf('b', ['1', 'bad']));
      await cluster.query('ALTER TABLE halved DROP CONSTRAINT taste');
      if (!rest) throw new Error('what the constraint refuses is left');
      expect(said(await written(sink, rest.batch))).toEqual([['delivered', 'bad']]);
      const rows = await cluster.query<{ batch: string; position: number }>(
        'SELECT batch, position FROM halved ORDER BY id',
      );
      expect(rows.map(({ position }) => position)).toEqual([0, 1]);
      expect(new Set(rows.map(({ batch }) => batch)).size).toBe(1);
    });

    it('inserts a key once where an index of the table says so, whoever sends it again', async () => {
      await createTable('unique_keys');
      await cluster.query('CREATE UNIQUE INDEX ON unique_keys (bucket, key)');
      sink = await openSink(postgres, settings({ table: 'unique_keys' }));
      const again = () => batchOfRun('b', [encodeFrame('b', 'one', 'id-1'), encodeFrame('b', 'two', 'id-2')]);
      await written(sink, again());
      expect(said(await written(sink, again()))).toEqual([['delivered', 'one', 'two']]);
      expect(await stored('b', 'unique_keys')).toEqual(['one', 'two']);
    });

    it('does not know what became of an INSERT whose connection breaks', async () => {
      await createTable('broken');
      await cluster.query('CREATE TRIGGER wait AFTER INSERT ON broken FOR EACH STATEMENT EXECUTE FUNCTION wait()');
      sink = await openSink(postgres, settings({ table: 'broken' }));
      const ended = written(sink, batchOf('b', ['1']));
      await active('INSERT INTO broken');
      await cluster.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'INSERT INTO broken%'`,
      );
      expect(await ended).toMatchObject({ rest: [{ written: 'unknown', cause: { kind: 'unavailable' } }] });
      expect(said(await written(sink, batchOf('b', ['2'])))).toEqual([['delivered', '2']]);
    });

    it('lives when the connection of an INSERT is cut without a word', async () => {
      await createTable('cut');
      await cluster.query('CREATE TRIGGER wait AFTER INSERT ON cut FOR EACH STATEMENT EXECUTE FUNCTION wait()');
      const between = await standBetween(cluster.folder);
      try {
        sink = await openSink(postgres, settings({ table: 'cut', host: between.folder }));
        const ended = written(sink, batchOf('b', ['1']));
        await active('INSERT INTO cut');
        between.cut();
        expect(await ended).toMatchObject({ rest: [{ written: 'unknown', cause: { kind: 'unavailable' } }] });
        expect(said(await written(sink, batchOf('b', ['2'])))).toEqual([['delivered', '2']]);
      } finally {
        await between.stop();
      }
    });

    it('an INSERT that takes too long is cancelled, and not there', async () => {
      await createTable('locked');
      await cluster.query('CREATE TRIGGER wait AFTER INSERT ON locked FOR EACH STATEMENT EXECUTE FUNCTION wait()');
      sink = await openSink(postgres, settings({ table: 'locked', timeoutMs: 100 }));
      expect(said(await written(sink, batchOf('b', ['1'])))).toEqual([['unavailable', 'no', '1']]);
      expect(await stored('b', 'locked')).toEqual([]);
    });

    it('waits for a table that is missing, and finds out by itself when it is there', async () => {
      await cluster.query('DROP TABLE IF EXISTS later');
      sink = await openSink(postgres, settings({ table: 'later' }));
      const {
        rest: [rest],
      } = await written(sink, batchOf('b', ['1']));
      expect(rest).toMatchObject({ written: 'no', cause: { kind: 'unavailable' } });
      expect(await firstValueFrom(sink.health$)).toMatchObject({
        state: 'down',
        cause: expect.stringContaining('42P01 relation "later" does not exist; make the table') as unknown,
      });
      await createTable('later');
      await firstValueFrom(sink.health$.pipe(filter(({ state }) => state === 'up')));
      expect(said(await written(sink, batchOf('b', ['1'])))).toEqual([['delivered', '1']]);
    });
  });

  it('says of its place whether it could write', async () => {
    await createTable('guarded');
    await cluster.query('CREATE ROLE reader LOGIN');
    const look = async (others: object) => {
      const checked = postgres(settings({ table: 'guarded', ...others }), 'settings');
      if (!isRight(checked)) throw new Error('settings of these are right');
      return checked.right.probe?.(testEnv(), { buckets: ['b'], timeoutMs: 1000 });
    };
    const place = `PostgreSQL at ${cluster.folder}:5432, table guarded of postgres`;
    expect(await look({})).toEqual([{ place }]);
    expect(await look({ user: 'reader' })).toEqual([
      { place, problem: 'reader may not INSERT: GRANT INSERT ON guarded' },
    ]);
    expect(await look({ user: 'nobody' })).toMatchObject([{ problem: '28000 role "nobody" does not exist' }]);
    await cluster.stop();
    expect(await look({})).toMatchObject([{ problem: expect.stringContaining('ENOENT') as unknown }]);
    await cluster.start();
  });

  /** Waits until a statement runs. */
  const active = async (beginning: string): Promise<void> => {
    const running = await cluster.query(
      `SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 || '%'`,
      [beginning],
    );
    if (running.length === 0) await active(beginning);
  };
});

describe('the settings of postgres', () => {
  it.each([
    [{ database: 'd' }, 'user', 'nothing'],
    [{ database: 'd', user: 'u', table: 'a; DROP TABLE b' }, 'table', '"a; DROP TABLE b"'],
    [{ database: 'd', user: 'u', valueType: 'xml' }, 'valueType', '"xml"'],
    [{ database: 'd', user: 'u', password: 5 }, 'password', 'a number (not shown)'],
  ])('%j are refused', (given, key, got) => {
    const checked = postgres(given, 'settings');
    expect(isRight(checked) ? [] : checked.left).toMatchObject([{ path: `settings.${key}`, got }]);
  });
});
