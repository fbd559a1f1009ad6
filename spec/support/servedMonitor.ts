/** The HTTP port of a daemon without the daemon: the real monitor, over books and a memory that a spec moves. */
import path from 'node:path';
import * as E from 'fp-ts/Either';
import type { HttpSettings } from '../../src/config/env';
import type { HttpAddress } from '../../src/config/envCodecs';
import { createHeld } from '../../src/control/held';
import { createMonitor } from '../../src/control/http/createMonitor';
import { createLedger } from '../../src/control/ledger';
import type { Monitor, Monitored } from '../../src/control/monitor';
import { watchSinks } from '../../src/control/status/watchSinks';
import type { Env, Held } from '../../src/model';
import { memoryLog, testEnv } from '../../src/testing/builders';

export interface ServedMonitor {
  readonly monitor: Monitor;
  readonly env: Env;
  readonly held: Held;
  readonly address: HttpAddress;
  /** Stops listening; what is connected loses its connection. */
  readonly close: () => Promise<void>;
}

/** It is hidden. */
export const SECRET = 'hunter2';

const LOOPBACK: HttpAddress = { kind: 'tcp', host: '127.0.0.1', port: 0 };

const addressOf = (at: string, asked: HttpAddress): HttpAddress =>
  asked.kind === 'unix' ? asked : { ...asked, port: Number(new URL(at).port) };

/** A daemon to which nothing has happened. */
export const monitoredOf = (env: Env): Monitored => ({
  ...{ version: '1.2.3', pid: 7, hostname: 'here', socket: '/run/k.sock', env, memory: () => 3000 },
  ...{ marks: { max: 5000, high: 100 }, streams: () => [], sinks: watchSinks({}, Date.now) },
  reloads: () => ({ begun: 0, succeeded: 0, failed: 0, last: undefined }),
  pageFolder: path.resolve(__dirname, '../../src/control/http/page'),
});

/** Serves it; rejects where it cannot. `close` ends it, and so does {@link closeMonitors}. */
export const serveMonitor = async ({
  settings,
  ...daemon
}: { readonly settings?: Partial<HttpSettings> } & Partial<Monitored> = {}): Promise<ServedMonitor> => {
  const { address: asked, ...others } = { address: LOOPBACK, ...settings };
  const monitor = createMonitor({
    settings: { socketMode: 0o660, hosts: [], showMessages: false, ...others, address: asked },
    ...{ version: '1.2.3', nodeVersion: 'v20', now: Date.now, hide: (text: string) => text.replaceAll(SECRET, '***') },
  });
  const inner = memoryLog();
  const held = createHeld({ high: 100, low: 50 });
  const env = testEnv({ log: monitor.log(inner), ledger: monitor.ledger(createLedger()), held, now: Date.now });
  const served = await monitor.serve({ ...monitoredOf(env), ...daemon })();
  if (E.isLeft(served)) throw new Error(served.left);
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await served.right();
    isOpen = false;
  };
  closes.push(close);
  const at = String(inner.lines.find(({ message }) => message === 'http: serving')?.fields['at']);
  return { monitor, env, held, address: addressOf(at, asked), close };
};

const closes: (() => Promise<void>)[] = [];

/** For `afterEach`. */
export const closeMonitors = async (): Promise<void> => {
  await Promise.all(closes.splice(0).map((close) => close()));
};
