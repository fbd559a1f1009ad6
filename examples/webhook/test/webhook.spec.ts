import { isRight } from 'fp-ts/Either';
import { filter, firstValueFrom } from 'rxjs';
import type { Env, Sink } from 'kahets';
import { batchOf, describeSink, messagesOf, openSink, testEnv, written, type Written } from 'kahets/testing';
import webhook from '../src/webhook';
import { linesOf, startReceiver, type Receiver } from './receiver';

const opened = async (settings: object = {}) => {
  const receiver = await startReceiver();
  const sink = await openSink(webhook, { url: receiver.url, timeoutMs: 2000, ...settings });
  return {
    sink,
    receiver,
    stored: (bucket: string) => Promise.resolve(receiver.stored(bucket)),
    dispose: receiver.stop,
  };
};

const outage = {
  begin: ({ receiver }: { receiver: Receiver }) => receiver.stop(),
  end: ({ receiver }: { receiver: Receiver }) => receiver.start(),
};

describeSink('webhook', { open: () => opened(), outage });
describeSink('webhook with arrays', { open: () => opened({ format: 'array', maxMessages: 100 }), outage });

/** Receipts, then the rest. */
const said = ({ receipts, rest }: Written): readonly unknown[] => [
  ...receipts.map(({ how, batch }) => [how, ...messagesOf(batch)]),
  ...rest.map(({ cause, written: doubt, batch }) => [cause.kind, doubt, ...messagesOf(batch)]),
];

describe('webhook', () => {
  let receiver: Receiver;
  let sink: Sink;
  let nowMs: number;

  const open = async (settings: object = {}, parts: Partial<Env> = {}): Promise<void> => {
    const env = testEnv({ now: () => nowMs, ...parts });
    sink = await openSink(webhook, { url: receiver.url, timeoutMs: 300, ...settings }, env);
  };
  const refusing = (word: string, status: number): void => {
    receiver.answering = ({ body }, answer) => void answer.writeHead(body.includes(word) ? status : 204).end();
  };
  const answeringWith = (status: number, headers: Record<string, string> = {}): void => {
    receiver.answering = (_, answer) => void answer.writeHead(status, headers).end();
  };

  beforeEach(async () => {
    nowMs = 1_000_000;
    receiver = await startReceiver();
    await open();
  });
  afterEach(async () => {
    await sink.close();
    await receiver.stop();
  });

  it('sends lines of JSON, with the headers of its settings', async () => {
    await open({ headers: { authorization: 'Bearer s3cret' } });
    await written(sink, batchOf('b', ['one', 'line 1\nline 2']));
    expect(receiver.requests).toEqual([
      {
        headers: expect.objectContaining({
          'content-type': 'application/x-ndjson',
          authorization: 'Bearer s3cret',
        }) as unknown,
        body: '{"bucket":"b","message":"one"}\n{"bucket":"b","message":"line 1\\nline 2"}\n',
      },
    ]);
  });

  it('sends an array where it is asked to, at most so many messages a request', async () => {
    await open({ format: 'array', maxMessages: 2 });
    const batch = batchOf('b', ['1', '2', '3']);
    expect(said(await written(sink, batch))).toEqual([
      ['delivered', '1', '2'],
      ['delivered', '3'],
    ]);
    expect(receiver.requests.map(({ body }) => body)).toEqual([
      '[{"bucket":"b","message":"1"},{"bucket":"b","message":"2"}]',
      '[{"bucket":"b","message":"3"}]',
    ]);
  });

  it('asks the buckets that feed it for no more messages than that', () => {
    const checked = webhook({ url: receiver.url, maxMessages: 50 }, 'settings');
    expect(isRight(checked) && checked.right.limits).toEqual({ count: 50 });
  });

  it.each([400, 413, 422])(
    'finds the messages that are answered with %d, and takes the others in order',
    async (status) => {
      refusing('bad', status);
      const batch = batchOf('b', ['1', '2', 'bad 3', '4', '5', 'bad 6', '7']);
      expect(said(await written(sink, batch))).toEqual([
        ['delivered', '1', '2'],
        ['delivered', '4'],
        ['delivered', '5'],
        ['delivered', '7'],
        ['poison', 'no', 'bad 3'],
        ['poison', 'no', 'bad 6'],
      ]);
      expect(await firstValueFrom(sink.health$)).toEqual({ state: 'up' });
    },
  );

  it('sends nothing behind a half that is not taken now', async () => {
    receiver.answering = ({ body }, answer) =>
      void answer.writeHead(body.includes('bad') ? 400 : body.includes('"3"') ? 503 : 204).end();
    const batch = batchOf('b', ['1', 'bad 2', '3', '4', '5', '6']);
    expect(said(await written(sink, batch))).toEqual([
      ['delivered', '1'],
      ['poison', 'no', 'bad 2'],
      ['unavailable', 'no', '3'],
      ['unavailable', 'no', '4', '5', '6'],
    ]);
  });

  it.each([
    [500, 'unknown'],
    [502, 'unknown'],
    [503, 'no'],
    [429, 'no'],
    [401, 'no'],
    [404, 'no'],
    [307, 'no'],
  ])('may be sent again what is answered with %d, written: %s', async (status, doubt) => {
    answeringWith(status, status === 307 ? { location: '/elsewhere' } : {});
    expect(said(await written(sink, batchOf('b', ['1', '2'])))).toEqual([['unavailable', doubt, '1', '2']]);
    expect(await firstValueFrom(sink.health$)).toMatchObject({ state: 'down' });
  });

  it('does not know what became of a request that is not answered in time', async () => {
    receiver.answering = () => undefined;
    const {
      rest: [rest],
    } = await written(sink, batchOf('b', ['1']));
    expect(rest).toMatchObject({
      written: 'unknown',
      cause: { kind: 'unavailable', message: `${new URL(receiver.url).origin}: no answer in time` },
    });
  });

  it('knows that a request which was never sent is not there', async () => {
    await receiver.stop();
    const {
      rest: [rest],
    } = await written(sink, batchOf('b', ['1']));
    await receiver.start();
    expect(rest).toMatchObject({ written: 'no', cause: { message: `${new URL(receiver.url).origin}: ECONNREFUSED` } });
  });

  it('sends nothing before the time that Retry-After names', async () => {
    answeringWith(429, { 'retry-after': '30' });
    await written(sink, batchOf('b', ['1']));
    receiver.answering = undefined;
    nowMs += 29_999;
    const {
      rest: [rest],
    } = await written(sink, batchOf('b', ['2']));
    expect(rest).toMatchObject({
      written: 'no',
      cause: { message: expect.stringContaining('wait 1 ms more') as unknown },
    });
    nowMs += 1;
    await written(sink, batchOf('b', ['3']));
    expect(receiver.stored('b')).toEqual(['3']);
    expect(receiver.requests).toHaveLength(2);
  });

  it('waits as long as Retry-After says, though another bucket is refused without one meanwhile', async () => {
    const answers: (() => void)[] = [];
    const bothCame = new Promise<void>((resolve) => {
      receiver.answering = ({ body }, answer) => {
        const isFirst = body.includes('"first"');
        answers[isFirst ? 0 : 1] = () => void answer.writeHead(503, isFirst ? { 'retry-after': '30' } : {}).end();
        if (answers[0] && answers[1]) resolve();
      };
    });
    const ends = ['first', 'second'].map((bucket) => written(sink, batchOf(bucket, ['1'])));
    await bothCame;
    for (const [n, end] of ends.entries()) {
      answers[n]?.();
      await end;
    }
    await written(sink, batchOf('third', ['1']));
    expect(receiver.requests).toHaveLength(2);
  });

  it('marks what is sent again with the id that it had', async () => {
    const batch = batchOf('b', ['1']);
    answeringWith(500);
    const {
      rest: [rest],
    } = await written(sink, batch);
    receiver.answering = undefined;
    if (!rest) throw new Error('a 500 leaves a rest');
    await written(sink, rest.batch);
    await written(sink, batchOf('b', ['1']));
    const [first, again, other] = receiver.requests.map(({ headers }) => headers['idempotency-key']);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it('finds out by itself that the receiver is back', async () => {
    await receiver.stop();
    await written(sink, batchOf('b', ['1']));
    expect(await firstValueFrom(sink.health$)).toEqual({ state: 'down', cause: 'ECONNREFUSED' });
    await receiver.start();
    await firstValueFrom(sink.health$.pipe(filter(({ state }) => state === 'up')));
    expect(receiver.requests).toEqual([]);
  });

  it('gives what is no text in base64', async () => {
    const { frames, ...batch } = batchOf('b', ['x']);
    const bytes = Buffer.from(frames[0]?.bytes ?? []);
    bytes[bytes.length - 1] = 0xff;
    await written(sink, { ...batch, frames: frames.map((run) => ({ ...run, bytes })) });
    expect(linesOf(receiver.requests[0]?.body ?? '')).toEqual([{ bucket: 'b', base64: '/w==' }]);
  });

  it('says of its place whether it could write', async () => {
    const checked = webhook({ url: receiver.url }, 'settings');
    if (!isRight(checked)) throw new Error('settings of these are right');
    const { where, probe } = checked.right;
    const look = () => probe?.(testEnv(), { buckets: ['b'], timeoutMs: 1000 });
    const place = new URL(receiver.url).origin;
    expect(where).toBe(`a webhook at ${place}`);
    expect(await look()).toEqual([{ place }]);
    await receiver.stop();
    expect(await look()).toEqual([{ place, problem: 'ECONNREFUSED' }]);
    await receiver.start();
  });

  it.each([
    [{}, 'url', 'nothing'],
    [{ url: 'ftp://x' }, 'url', '"ftp://x"'],
    [{ url: 'https://me:s3cret@example.com/' }, 'url', '"https://…@example.com/"'],
    [{ url: 'http://x', headers: { a: 1 } }, 'headers.a', '1'],
    [{ url: 'http://x', timeoutMs: 0 }, 'timeoutMs', '0'],
    [{ url: 'http://x', format: 'xml' }, 'format', '"xml"'],
  ])('refuses %j', (settings, key, got) => {
    const checked = webhook(settings, 'settings');
    expect(isRight(checked) ? [] : checked.left).toMatchObject([{ path: `settings.${key}`, got }]);
  });
});
