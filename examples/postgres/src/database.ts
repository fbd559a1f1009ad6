import { Pool, type PoolClient } from 'pg';
import { insertInto, type Row } from './insert';
import type { Settings } from './settings';
import { explain, verdictOn, type Verdict } from './verdict';

export const whereOf = ({ host, port, database, table }: Settings): string =>
  `PostgreSQL at ${host}:${port}, table ${table} of ${database}`;

export interface Database {
  /** All rows or none; undefined: they are there. Never fails. */
  readonly insert: (rows: readonly Row[]) => Promise<Verdict | undefined>;
  /** What is wrong with the place, undefined: nothing. Never fails. */
  readonly look: () => Promise<string | undefined>;
  readonly close: () => Promise<void>;
}

/** An INSERT that the server does not cancel in time is given up this much later. */
const SLACK_MS = 1000;

interface Look {
  readonly may_insert: boolean;
  readonly read_only: boolean;
}

const LOOK = `SELECT has_table_privilege($1, 'INSERT') AS may_insert,
                     current_setting('transaction_read_only') = 'on' AS read_only`;

/** @param lost told when a connection that nobody uses breaks */
export const openDatabase = (settings: Settings, lost: (error: Error) => void = () => undefined): Database => {
  const { host, port, database, user, password, table, timeoutMs, connections } = settings;
  const pool = new Pool({
    ...{ host, port, database, user, ...(password !== undefined && { password }) },
    ...{ max: connections, application_name: 'kahets', connectionTimeoutMillis: timeoutMs },
    ...{ statement_timeout: timeoutMs, query_timeout: timeoutMs + SLACK_MS },
  });
  pool.on('error', lost);
  // One that is in use tells its query; without this it would also end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));

  /** A connection on which something failed is not used again. */
  const using = async <A>(client: PoolClient, use: () => Promise<A>): Promise<A> => {
    try {
      const result = await use();
      client.release();
      return result;
    } catch (error) {
      client.release(true);
      throw error;
    }
  };

  return {
    insert: async (rows) => {
      let sent = false;
      try {
        const client = await pool.connect();
        sent = true;
        await using(client, () => client.query(insertInto(settings, rows)));
        return undefined;
      } catch (error) {
        return verdictOn(error, sent, whereOf(settings));
      }
    },
    look: async () => {
      try {
        const client = await pool.connect();
        const { rows } = await using(client, () => client.query<Look>(LOOK, [table]));
        if (rows.some(({ read_only }) => read_only)) return 'it is read-only: give the host of the primary';
        return rows.some(({ may_insert }) => may_insert)
          ? undefined
          : `${user} may not INSERT: GRANT INSERT ON ${table}`;
      } catch (error) {
        return explain(error);
      }
    },
    close: () => pool.end(),
  };
};
