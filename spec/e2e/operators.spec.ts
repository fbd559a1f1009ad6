/** Operators of the user's between bucket and stream, in the built daemon: those of examples/operators, and some that fail. */
import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { messagesOf } from '../../src/testing/builders';
import { encodeFrame } from '../../src/wire/frame';
import { send } from '../support/client';
import { endDaemons, MAIN, startDaemon, temporaryFolder } from '../support/daemon';
import { brokers, describeKafka, finalLedger, freshTopic, noBroker, ROOT, rowOf } from '../support/endToEnd';
import { messagesOfTopic } from '../support/kcat';

const EXAMPLE = path.join(ROOT, 'examples/operators');

afterEach(endDaemons);

/** A folder with the modules of the example. */
const exampleFolder = async (): Promise<string> => {
  const folder = await temporaryFolder();
  await cp(EXAMPLE, folder, { recursive: true });
  return folder;
};

const textsIn = async (file: string): Promise<readonly string[]> => {
  const bytes = await readFile(file);
  return messagesOf({ frames: [{ bytes }] as never });
};

const ORDERS: readonly (readonly [key: string, text: string])[] = [
  ['1', '{"id":1,"card":"4111"}'],
  ['2', 'card 4111'],
  ['3', '{"id":3,"level":"error","card":"4111"}'],
  ['1', '{"id":1,"again":true}'],
  ['4', '{"id":4}'],
];
const orders = (bucket: string): Buffer => Buffer.concat(ORDERS.map(([key, text]) => encodeFrame(bucket, text, key)));

const file = (folder: string): object => ({ type: 'file', settings: { path: folder, fileNameTemplate: '{bucket}' } });

const masked = (stream: object, bucket: string): object => ({
  streamsConfigs: { s: { ...stream, operators: ['./dedupe.js'] } },
  buckets: [
    {
      ...{ id: bucket, streams: ['s'], batchTimeout: 50 },
      operators: [{ module: './mask.js', settings: { fields: ['card'] } }, './route.js'],
    },
  ],
});

describe('the example', () => {
  it('masks, routes, and leaves out what came before; what is no JSON is among the dead letters', async () => {
    const folder = await exampleFolder();
    const buckets = await readFile(path.join(EXAMPLE, 'buckets.json'), 'utf8');
    const daemon = await startDaemon({ folder, buckets });
    await send(daemon.socket, orders('orders'));
    const poison = await daemon.waitForLog(({ msg }) => msg === 'messages that no sink takes go to the dead letters');
    expect(poison).toMatchObject({ stream: 'archive', bucket: 'orders', count: 1 });
    expect(poison['cause']).toMatch(/^\.\/mask\.js: SyntaxError: /);
    const ended = await daemon.stop();
    expect(ended.code).toBe(0);
    expect(ended.output).not.toContain('4111');
    expect(await textsIn(path.join(folder, 'archive/orders'))).toEqual(['{"id":1,"card":"***"}', '{"id":4}']);
    expect(await textsIn(path.join(folder, 'archive/orders-errors'))).toEqual([
      '{"id":3,"level":"error","card":"***"}',
    ]);
    expect(await textsIn(path.join(folder, 'dead/orders'))).toEqual(['card 4111']);
    expect(finalLedger(ended)).toEqual([
      expect.objectContaining({ bucket: 'orders', received: 5, delivered: 3, deadLettered: 1, sampledOut: 1, held: 0 }),
    ]);
  });

  it('is explained by kahets check', async () => {
    const folder = await exampleFolder();
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'check'], { cwd: folder });
    expect(stdout).toContain('  On the way into each stream each message passes ./mask.js, then ./route.js.\n');
    expect(stdout).toContain('  On the way into it each message passes ./dedupe.js.\n');
  });
});

it('what a stop leaves in the spool has passed the operators, and passes them no second time', async () => {
  const folder = await exampleFolder();
  await writeFile(
    path.join(folder, 'stamp.js'),
    'module.exports = (message) => ({ ...message, value: Buffer.concat([message.value, Buffer.from("!")]) });',
  );
  const stamped = (stream: object): object => ({
    streamsConfigs: { s: { ...stream, operators: ['./stamp.js'] } },
    buckets: [{ id: 'orders', streams: ['s'], batchTimeout: 50 }],
  });
  const env = { DRAIN_TIMEOUT: '500ms', SPOOL: './spool' };
  const down = { type: 'kafka', settings: { 'bootstrap.servers': await noBroker() } };
  const daemon = await startDaemon({ folder, env, buckets: stamped(down) });
  await send(daemon.socket, orders('orders'));
  const first = await daemon.stop();
  expect(rowOf(finalLedger(first), 'orders', 's')).toMatchObject({ received: 5, backedUp: 5 });

  const again = await startDaemon({ folder, env, buckets: stamped(file('./copy')) });
  await again.waitForLog(({ msg }) => msg === 'replay: all messages are sent on');
  expect((await again.stop()).code).toBe(0);
  expect(await textsIn(path.join(folder, 'copy/orders'))).toEqual(ORDERS.map(([, text]) => `${text}!`));
});

it('what an operator has routed lies in the backup under its new name, and in the books under that it came in', async () => {
  const folder = await exampleFolder();
  const stream = {
    ...{ type: 'kafka', settings: { 'bootstrap.servers': await noBroker() }, failover: { afterMs: 500, retryMs: 500 } },
    backup: { ...file('./backup'), replay: false },
  };
  const daemon = await startDaemon({ folder, buckets: masked(stream, 'orders') });
  await send(daemon.socket, orders('orders'));
  const ended = await daemon.stop();
  expect(finalLedger(ended)).toEqual([
    expect.objectContaining({ bucket: 'orders', received: 5, backedUp: 3, deadLettered: 1, sampledOut: 1 }),
  ]);
  expect(await textsIn(path.join(folder, 'backup/orders-errors'))).toEqual(['{"id":3,"level":"error","card":"***"}']);
});

it('a module that answers later is refused, message by message, and the daemon goes on', async () => {
  const folder = await exampleFolder();
  await writeFile(
    path.join(folder, 'late.js'),
    'module.exports = async (message) => { if (String(message.value) === "bad") throw new Error("no"); return message; };',
  );
  const daemon = await startDaemon({
    folder,
    buckets: {
      streamsConfigs: { s: { ...file('./copy'), operators: ['./late.js'], deadLetter: file('./dead') } },
      buckets: [{ id: 'b', streams: ['s'], batchTimeout: 50 }],
    },
  });
  await send(daemon.socket, encodeFrame('b', 'good'), encodeFrame('b', 'bad'));
  await daemon.waitForLog(({ cause }) => String(cause).includes('got a promise'));
  const ended = await daemon.stop();
  expect(ended.code).toBe(0);
  expect(await textsIn(path.join(folder, 'dead/b'))).toEqual(['good', 'bad']);
});

it('check tells of all modules that are wrong, each at its place, and start does not begin', async () => {
  const folder = await temporaryFolder();
  await writeFile(path.join(folder, 'throws.js'), 'throw new Error("no card\\nat all");');
  await writeFile(path.join(folder, 'empty.js'), '');
  await writeFile(
    path.join(folder, 'buckets.json'),
    JSON.stringify({
      streamsConfigs: {
        s: { ...file('./copy'), operators: ['./none.js', './throws.js'] },
        t: { type: './empty.js' },
      },
      buckets: [{ id: 'b', streams: ['s', 't'], operators: ['mask.js', { module: './empty.js' }] }],
    }),
  );
  const kahets = (command: string) =>
    promisify(execFile)(process.execPath, [MAIN, command], { cwd: folder }).catch((error: unknown) => error);
  const result = await kahets('check');
  expect(result).toMatchObject({ code: 78 });
  const { stderr } = result as { readonly stderr: string };
  expect(stderr).toContain(
    'buckets[0].operators[0]: expected a path that starts with ./, ../ or /, or an object with module and settings, got "mask.js"',
  );
  expect(stderr).toContain('streamsConfigs.s.operators[0]: expected a module with an operator');
  expect(stderr).toContain("got ./none.js: Cannot find module '");
  expect(stderr).toContain('got ./throws.js: no card\n');
  expect(stderr).toContain(
    'streamsConfigs.t.type: expected a module with a sink: what defineSink makes, got ./empty.js: no export',
  );
  expect(await kahets('start')).toMatchObject({ code: 78 });
});

it('a sink comes from a module, and its failures are told from those of its own making', async () => {
  const folder = await temporaryFolder();
  await writeFile(
    path.join(folder, 'fussy.js'),
    `const { defineSink, SinkError } = require(${JSON.stringify(path.join(ROOT, 'dist/index.js'))});
     const { of, throwError } = require(${JSON.stringify(require.resolve('rxjs'))});
     const poison = (batch) => new SinkError('fussy', [{ batch, cause: { kind: 'poison', message: 'not mine' }, written: 'no' }]);
     module.exports = defineSink({
       decode: (settings) => ({ _tag: 'Right', right: settings }),
       open: () => async () => ({
         _tag: 'Right',
         right: { write: (batch) => throwError(() => poison(batch)), health$: of({ state: 'up' }), close: async () => {} },
       }),
     });`,
  );
  const daemon = await startDaemon({
    folder,
    buckets: {
      streamsConfigs: { s: { type: './fussy.js', deadLetter: file('./dead') } },
      buckets: [{ id: 'b', streams: ['s'], batchTimeout: 50 }],
    },
  });
  await send(daemon.socket, encodeFrame('b', '1'));
  await daemon.waitForLog(({ cause }) => cause === 'not mine');
  expect(rowOf(finalLedger(await daemon.stop()), 'b', 's')).toMatchObject({ received: 1, deadLettered: 1 });
});

describeKafka('with Kafka', () => {
  it('another bucket is another topic', async () => {
    const folder = await exampleFolder();
    const topic = freshTopic('orders');
    const stream = { type: 'kafka', settings: { 'bootstrap.servers': brokers(), 'queue.buffering.max.ms': 20 } };
    const daemon = await startDaemon({ folder, buckets: masked(stream, topic) });
    await send(daemon.socket, orders(topic));
    const ended = await daemon.stop();
    expect(finalLedger(ended)).toEqual([
      expect.objectContaining({ bucket: topic, received: 5, delivered: 3, dropped: { poison: 1 }, sampledOut: 1 }),
    ]);
    const values = async (name: string) => (await messagesOfTopic(brokers(), name)).map(({ value }) => String(value));
    expect([...(await values(topic))].sort()).toEqual(['{"id":1,"card":"***"}', '{"id":4}']);
    expect(await values(`${topic}-errors`)).toEqual(['{"id":3,"level":"error","card":"***"}']);
  });
});
