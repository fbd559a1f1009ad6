import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startCluster, USER, type Cluster } from './cluster';
import { describePostgres } from './describePostgres';
import { KAHETS, runDaemon } from './runDaemon';

jest.setTimeout(60_000);

const ways = {
  'src/main.ts': { command: [path.resolve(__dirname, '../src/main.js')], type: 'postgres' },
  'kahets start': { command: [KAHETS, 'start'], type: './dist/src/postgres.js' },
};

describePostgres('with PostgreSQL', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.remove());

  it.each(Object.entries(ways))(
    'the table, run by %s: waits for the database, once each, bad ones aside',
    async (_, way) => {
      const table = readFileSync(path.resolve(__dirname, '../../table.sql'), 'utf8');
      await cluster.query(`DROP TABLE IF EXISTS messages; ${table.replace(/value( +)bytea/, 'value$1jsonb')}`);
      const { producer, stop } = runDaemon('postgres', way, {
        PGHOST: cluster.folder,
        PGDATABASE: 'postgres',
        PGUSER: USER,
      });
      await producer.send('events', '{"n":1}');
      expect((await producer.sync(20_000)).status).toBe('delivered');

      await cluster.stop();
      await producer.send('events', '{"n":2}');
      await producer.send('events', 'no JSON');
      await producer.send('events', '{"n":3}');
      const settled = producer.sync(20_000);
      await cluster.start();
      expect((await settled).status).toBe('backed_up');

      const { code } = await stop();
      expect(await cluster.query('SELECT bucket, value FROM messages ORDER BY id')).toEqual(
        [1, 2, 3].map((n) => ({ bucket: 'events', value: { n } })),
      );
      expect(code).toBe(0);
    },
  );
});
