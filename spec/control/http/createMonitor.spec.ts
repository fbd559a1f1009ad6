import * as E from 'fp-ts/Either';
import type { HttpSettings } from '../../../src/config/env';
import { createLedger } from '../../../src/control/ledger';
import { unmonitored } from '../../../src/control/monitor';
import type { StatusDocument } from '../../../src/control/status/document';
import { batchOf, frames, memoryLog, outcomeOf } from '../../../src/testing/builders';
import { eventsIn, fetchJson, fetchText, openRequest } from '../../support/http';
import { closeMonitors, monitoredOf, SECRET, serveMonitor } from '../../support/servedMonitor';

afterEach(closeMonitors);

const monitored = async (settings: Partial<HttpSettings> = {}) => {
  const served = await serveMonitor({ settings: { showMessages: true, ...settings } });
  if (served.address.kind !== 'tcp') throw new Error('expected a port');
  return { ...served, url: `http://127.0.0.1:${served.address.port}/` };
};

describe('a monitor', () => {
  it('is live as soon as it answers', async () => {
    const { url } = await monitored();
    expect(await fetchText(`${url}health/live`)).toMatchObject({ status: 200, body: '{"live":true}\n' });
  });

  it('is ready while clients are accepted and read, and says why not', async () => {
    const { url, monitor, held } = await monitored();
    const ready = async () => {
      const { status, body } = await fetchText(`${url}health/ready`);
      return [status, JSON.parse(body) as unknown];
    };
    expect(await ready()).toEqual([503, { phase: 'starting', ready: false, reasons: [expect.any(String)] }]);
    monitor.listening(() => 3);
    expect(await ready()).toEqual([200, { phase: 'listening', ready: true, reasons: [] }]);
    held.charge(100);
    expect(await ready()).toEqual([
      503,
      { phase: 'listening', ready: false, reasons: [expect.stringContaining('full')] },
    ]);
    held.release(100);
    expect((await ready())[0]).toBe(200);
    monitor.stopping();
    expect(await ready()).toEqual([503, { phase: 'stopping', ready: false, reasons: [expect.any(String)] }]);
  });

  it('tells in /status.json what has happened', async () => {
    const { url, monitor, env } = await monitored();
    monitor.listening(() => 3);
    const batch = batchOf('b', ['one', 'two']);
    env.ledger.received('b', ['s'])(2);
    env.ledger.settled({ batch, outcomes: [outcomeOf('s', batch, { dropped: [{ reason: 'poison', count: 2 }] })] });
    env.log.error(`no sink takes ${SECRET}`, { bucket: 'b' });
    const document = await fetchJson<StatusDocument>(`${url}status.json`);
    expect(document).toMatchObject({
      version: 1,
      connections: 3,
      received: 2,
      buckets: { matching: 1, rows: [{ bucket: 'b', stream: 's', dropped: { poison: 2 } }] },
      discards: [{ bucket: 'b', stream: 's', reason: 'poison', count: 2, prefix: 'one' }],
      lines: [{ level: 'error', message: 'no sink takes ***' }],
    });
    expect((await fetchJson<StatusDocument>(`${url}status.json?bucket=x`)).buckets.rows).toEqual([]);
  });

  it('shows no message unless it may', async () => {
    const { url, env } = await monitored({ showMessages: false });
    env.ledger.refused('no_such_bucket', 1, frames('typo', ['private']));
    expect((await fetchText(`${url}status.json`)).body).not.toContain('private');
  });

  it('counts in /metrics what settles', async () => {
    const { url, env } = await monitored();
    const batch = batchOf('b', ['one']);
    env.ledger.received('b', ['s'])(1);
    env.ledger.settled({ batch, outcomes: [outcomeOf('s', batch, { delivered: 1 })] });
    const { headers, body } = await fetchText(`${url}metrics`);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toContain('kahets_messages_delivered_total{bucket="b",stream="s"} 1\n');
    expect(body).toContain('kahets_batch_size_count{closed_by="count"} 1\n');
  });

  it('tells in /events of at most as many rows as are asked for, the busiest first', async () => {
    const { url, env } = await monitored();
    for (let n = 0; n < 60; n += 1) env.ledger.received(`b${n}`, ['s'])(n);
    const first = async (query: string): Promise<StatusDocument> => {
      const answer = await openRequest(`${url}events${query}`);
      for await (const { data } of eventsIn(answer)) {
        answer.destroy();
        return data as StatusDocument;
      }
      throw new Error('expected an event');
    };
    const byDefault = await first('');
    expect([byDefault.buckets.matching, byDefault.buckets.rows.length]).toEqual([60, 50]);
    expect(byDefault.buckets.rows[0]?.bucket).toBe('b59');
    expect((await first('?limit=5')).buckets.rows).toHaveLength(5);
    expect((await first('?limit=-5')).buckets.rows).toHaveLength(50);
    expect((await first('?bucket=B1')).buckets.matching).toBe(11);
  });

  it('answers no stranger’s name', async () => {
    const { url } = await monitored({ hosts: ['status.example.com'] });
    const as = async (host: string) => (await fetchText(`${url}status.json`, { headers: { Host: host } })).status;
    expect([await as('evil.example'), await as('status.example.com'), await as('localhost')]).toEqual([421, 200, 200]);
  });

  it('refuses headers without end', async () => {
    const { url } = await monitored();
    const { status } = await fetchText(url, { headers: { 'X-Long': 'x'.repeat(20_000) } });
    expect(status).toBe(431);
  });

  it('says that it cannot listen', async () => {
    await expect(monitored({ address: { kind: 'unix', path: '/nowhere/http.sock' } })).rejects.toThrow(
      /^HTTP \/nowhere\/http\.sock: found E(ACCES|NOENT), expected a folder/,
    );
  });
});

describe('unmonitored', () => {
  it('changes nothing and serves nothing', async () => {
    const log = memoryLog();
    const ledger = createLedger();
    expect(unmonitored.log(log)).toBe(log);
    expect(unmonitored.ledger(ledger)).toBe(ledger);
    const { env } = await monitored();
    const served = await unmonitored.serve(monitoredOf(env))();
    expect(E.isRight(served)).toBe(true);
  });
});
