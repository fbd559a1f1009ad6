/** A project of somebody else's, in TypeScript, on the package as it is packed: a daemon, a sink, and the sink's specs. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../support/endToEnd';
import { installInto, packInto } from '../support/npmPackage';

jest.setTimeout(120_000);

const execute = promisify(execFile);

const SINK = `
import * as TE from 'fp-ts/TaskEither';
import * as t from 'io-ts';
import { BehaviorSubject, Observable } from 'rxjs';
import { decodeWith, defineSink, NonEmptyString, SinkError, type Batch, type Health, type Receipt, type Sink } from 'kahets';

export const shelf: Batch[] = [];

export const openShelf = (name: string): Sink => ({
  write: (batch, giveUp$) =>
    new Observable<Receipt>((subscriber) => {
      let gaveUp = false;
      giveUp$.subscribe(() => (gaveUp = true)).unsubscribe();
      if (gaveUp) {
        subscriber.error(new SinkError(name, [{ batch, cause: { kind: 'gave_up', message: 'told to' }, written: 'no' }]));
        return;
      }
      shelf.push({ ...batch, frames: batch.frames.map((run) => ({ ...run, bytes: Buffer.from(run.bytes) })) });
      subscriber.next({ sink: name, batch, how: 'delivered', maybeTwice: false });
      subscriber.complete();
    }),
  health$: new BehaviorSubject<Health>({ state: 'up' }),
  close: () => Promise.resolve(),
});

const decode = decodeWith(t.type({ label: NonEmptyString }));

export const shelfSink = defineSink({
  decode,
  where: ({ label }) => label,
  open: (_, env) => TE.right(openShelf(env.name)),
});
`;

const PROGRAM = `
import { createDaemon, sinks } from 'kahets';
import { createProducer } from 'kahets/client';
import { shelf, shelfSink } from './sink';

const config = {
  streamsConfigs: { shelf: { type: 'shelf', settings: { label: 'top' } } },
  buckets: [{ id: 'b', streams: ['shelf'], batch: 3, batchTimeout: 20 }],
};

const main = async (): Promise<void> => {
  const daemon = createDaemon({ config, environment: { SOCKET: './s', LOG_LEVEL: 'error' }, sinks: { ...sinks, shelf: shelfSink } });
  process.once('SIGTERM', () => void daemon.stop());
  const ended = daemon.run();
  await daemon.listening;
  const producer = createProducer({ socket: './s' });
  for (const message of ['1', '2', '3']) await producer.send('b', message);
  const { status } = await producer.sync();
  await producer.close();
  await daemon.stop();
  console.log(status, shelf.reduce((sum, { count }) => sum + count, 0), JSON.stringify(await ended));
};
void main();
`;

const SPEC = `
import { NEVER } from 'rxjs';
import { withDeadline } from 'kahets';
import { batchOf, createFakeSink, delivered, describeSink, marbles, messagesOf } from 'kahets/testing';
import { openShelf, shelf } from './sink';

describeSink('the shelf', {
  open: () =>
    Promise.resolve({
      sink: openShelf('shelf'),
      stored: (bucket) => Promise.resolve(shelf.filter((batch) => batch.bucket === bucket).flatMap(messagesOf)),
    }),
});

it('gives the fake sink as long as it is told to', () =>
  marbles(({ expectObservable, scheduler }) => {
    const fake = createFakeSink({ scheduler });
    const batch = batchOf('b', ['m']);
    expectObservable(withDeadline(6, scheduler)(fake.open().write)(batch, NEVER)).toBe('5ms (a|)', { a: delivered(batch, 'fake') });
  }));
`;

const CONFIGURATION = {
  ...{ target: 'ES2022', lib: ['ES2023'], module: 'node16', moduleResolution: 'node16', strict: true },
  ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
  ...{ types: ['node', 'jest'], typeRoots: [path.join(ROOT, 'node_modules/@types')] },
};

describe('a project on the package of npm', () => {
  const work = mkdtempSync(path.join(tmpdir(), 'kahets-project-'));

  beforeAll(async () => {
    const { filename } = packInto(work);
    installInto(work, path.join(work, filename));
    const files = { 'sink.ts': SINK, 'program.ts': PROGRAM, 'shelf.spec.ts': SPEC };
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(work, name), text);
    writeFileSync(
      path.join(work, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: CONFIGURATION, files: Object.keys(files) }),
    );
    await execute(process.execPath, [path.join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', work]).catch(
      (error: unknown) => {
        throw new Error((error as { readonly stdout: string }).stdout);
      },
    );
  });
  afterAll(() => rmSync(work, { recursive: true }));

  it('runs the daemon with a sink of its own, and ends by itself', async () => {
    const { stdout, stderr } = await execute(process.execPath, ['program.js'], { cwd: work, timeout: 30_000 });
    expect({ stdout, stderr }).toEqual({ stdout: 'delivered 3 {"spooled":0,"lost":0}\n', stderr: '' });
  });

  it('holds its sink to the laws, and tests on virtual time', async () => {
    const jest = path.join(ROOT, 'node_modules/jest/bin/jest.js');
    const options = [
      '--config',
      JSON.stringify({ testMatch: ['**/*.spec.js'], rootDir: work }),
      '--watchman=false',
      '--json',
    ];
    const { stdout } = await execute(process.execPath, [jest, ...options], { cwd: work, timeout: 60_000 });
    expect(JSON.parse(stdout)).toMatchObject({ success: true, numPassedTests: 14, numFailedTests: 0 });
  });
});
