import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Subject, Subscription, finalize, mergeMap, tap } from 'rxjs';
import type { Answers, Connection, Source } from '../../src/model';
import { allConnections } from '../../src/sources/allConnections';
import type { SocketServerOptions } from '../../src/sources/socketServer';
import { memoryLog } from '../../src/testing/builders';
import { anIntake, clientOf, KINDS, later, newFolder, placeIn, undoAll } from '../support/sources';
import { hideHandles } from '../support/unknownHandles';

const MOST_OWED = 1000;
const MOST_UNREAD_BYTES = 64 * 1024;

let folder: string;
let makeSource: (options: SocketServerOptions) => Source;
let current: Running;

beforeEach(() => (folder = newFolder()));
afterEach(undoAll);

/** A running source; its connections are answered by the spec. */
class Running {
  readonly stop$ = new Subject<void>();
  readonly answered$ = new Subject<void>();
  readonly log = memoryLog();
  readonly connections: Connection[] = [];
  readonly texts = new Map<number, string>();
  readonly ended: number[] = [];
  private readonly all = allConnections();
  completed = false;
  readonly subscription = new Subscription();
  private readonly happened$ = new Subject<void>();

  static async start(options: SocketServerOptions = {}): Promise<Running> {
    const running = new Running(options);
    current = running;
    await running.until(() => running.log.lines.some(({ message }) => message === 'listening'));
    return running;
  }

  private constructor(options: SocketServerOptions) {
    const { stop$, answered$, log, happened$, all } = this;
    const poll = setInterval(() => happened$.next(), 5);
    later(() => {
      clearInterval(poll);
      this.subscription.unsubscribe();
      answered$.next();
    });
    const source = makeSource({ connections: all, ...options });
    const received$ = source(anIntake({ stop$, answered$, log })).pipe(
      mergeMap((connection) => {
        this.connections.push(connection);
        return connection.chunks$.pipe(
          tap((chunk) => this.texts.set(connection.id, `${this.texts.get(connection.id) ?? ''}${String(chunk)}`)),
          finalize(() => this.ended.push(connection.id)),
        );
      }),
    );
    this.subscription.add(
      received$.subscribe({ next: () => happened$.next(), complete: () => (this.completed = true) }),
    );
  }

  /** Resolves when `condition` holds. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const watching = new Subscription();
      const look = (): void => {
        if (!condition()) return;
        watching.unsubscribe();
        resolve();
      };
      watching.add(this.happened$.subscribe(look));
      look();
    });
  }

  open(): number {
    return this.all.open;
  }

  answersOf(id: number): Answers {
    const answers = this.connections.find((each) => each.id === id)?.answers;
    if (!answers) throw new Error(`no connection ${id}`);
    return answers;
  }

  /** What `count` answers do that are owed. */
  owe(id: number, count: number): void {
    for (let n = 0; n < count; n += 1) this.answersOf(id).owe();
  }

  send(id: number, ...texts: readonly string[]): void {
    for (const text of texts) this.answersOf(id).send(Buffer.from(text));
  }

  textOf(id: number): string {
    return this.texts.get(id) ?? '';
  }
}

/** A client that may close its side and still listen. */
const client = async (): Promise<{ readonly socket: Socket; readonly heard: () => string }> => {
  let heard = '';
  const socket = await clientOf({ where: () => placeIn(current.log) }, { allowHalfOpen: true });
  socket.on('error', () => undefined).on('data', (bytes) => (heard += String(bytes)));
  return { socket, heard: () => heard };
};

/** As a client does that is killed; over TCP one that had closed its side is seen to be gone when its host says so. */
const breakOff = (socket: Socket): Socket =>
  socket.remotePort === undefined ? socket.destroy() : socket.resetAndDestroy();

describe.each(KINDS)('the answers of connections at %s that are %s', (_name, kind, at) => {
  beforeEach(() => (makeSource = (options) => at(folder, options)));
  let show = (): void => undefined;
  beforeAll(async () => {
    if (kind !== 'bare') show = await hideHandles();
  });
  afterAll(() => show());

  it('come over the connection, which is read before and after', async () => {
    const running = await Running.start();
    const { socket, heard } = await client();
    for (const text of ['one ', 'two ', 'three ']) {
      socket.write(text);
      await running.until(() => running.textOf(1).endsWith(text));
      running.owe(1, 2);
      running.send(1, `${text}a `, `${text}b `);
      await running.until(() => heard().endsWith(`${text}b `));
    }
    expect(running.textOf(1)).toBe('one two three ');
    expect(heard()).toBe('one a one b two a two b three a three b ');
    socket.end();
    await running.until(() => running.open() === 0);
    expect(running.ended).toEqual([1]);
  });

  it('come to a client that has closed its side, and then close the connection', async () => {
    const running = await Running.start();
    const { socket, heard } = await client();
    socket.write('text');
    await running.until(() => running.textOf(1) === 'text');
    running.owe(1, 2);
    socket.end();
    await running.until(() => running.ended.length === 1);
    expect(running.open()).toBe(1);
    running.send(1, 'first ');
    await running.until(() => heard() === 'first ');
    expect(running.open()).toBe(1);
    const closed = once(socket, 'end');
    running.send(1, 'last');
    await closed;
    expect(heard()).toBe('first last');
    expect(running.open()).toBe(0);
  });

  it('do not keep a connection open whose client is gone, now or later', async () => {
    const running = await Running.start();
    const { socket } = await client();
    const { socket: later } = await client();
    socket.write('text');
    later.write('text');
    await running.until(() => running.textOf(1) === 'text' && running.textOf(2) === 'text');
    running.owe(1, 1);
    running.owe(2, 1);
    breakOff(socket);
    later.end();
    await running.until(() => running.ended.length === 2);
    await running.until(() => running.open() === 1);
    breakOff(later);
    await running.until(() => running.open() === 0);
    running.send(1, 'too late');
    running.send(2, 'too late');
  });

  it('are written to nobody where the client breaks off in the midst of them', async () => {
    const running = await Running.start();
    const { socket } = await client();
    socket.pause();
    socket.write('text');
    await running.until(() => running.textOf(1) === 'text');
    const answer = 'x'.repeat(1 << 20);
    running.owe(1, 2);
    running.send(1, answer);
    socket.destroy();
    running.send(1, answer);
    await running.until(() => running.open() === 0);
    expect(running.ended).toEqual([1]);
    expect(running.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it(`are waited for by one that is owed ${MOST_OWED}: it is not read until then`, async () => {
    const running = await Running.start();
    const { socket, heard } = await client();
    socket.write('one ');
    await running.until(() => running.textOf(1) === 'one ');
    running.owe(1, MOST_OWED - 1);
    socket.write('two ');
    await running.until(() => running.textOf(1) === 'one two ');
    expect(running.answersOf(1).isWaiting).toBe(false);
    running.owe(1, 1);
    expect(running.answersOf(1).isWaiting).toBe(true);
    socket.write('three');
    // Another that comes later is read.
    const { socket: other } = await client();
    other.write('other');
    await running.until(() => running.textOf(2) === 'other');
    expect(running.textOf(1)).toBe('one two ');
    running.send(1, '.');
    await running.until(() => running.textOf(1) === 'one two three');
    await running.until(() => heard() === '.');
  });

  it('keep one from being read that leaves 64 KB of them unread, until it reads', async () => {
    const running = await Running.start();
    const { socket, heard } = await client();
    socket.pause();
    socket.write('one ');
    await running.until(() => running.textOf(1) === 'one ');
    // The system takes some, and then no more.
    const answer = 'x'.repeat(1024);
    const all = 4096;
    running.owe(1, all);
    for (let n = 0; n < all; n += 1) running.send(1, answer);
    socket.write('two');
    const { socket: other } = await client();
    other.write('other');
    await running.until(() => running.textOf(2) === 'other');
    expect(running.textOf(1)).toBe('one ');
    expect(running.answersOf(1).isWaiting).toBe(false);
    socket.resume();
    await running.until(() => running.textOf(1) === 'one two');
    await running.until(() => heard().length === all * answer.length);
    expect(all * answer.length).toBeGreaterThan(MOST_UNREAD_BYTES);
  });

  it('are not gathered without end: too much of them unread in all closes who reads none', async () => {
    const running = await Running.start();
    const answer = 'x'.repeat(1 << 20);
    const { socket } = await client();
    socket.pause();
    const { socket: reader, heard } = await client();
    await running.until(() => running.connections.length === 2);
    running.owe(1, 10);
    running.owe(2, 1);
    for (let n = 0; n < 10; n += 1) running.send(1, answer);
    await running.until(() => running.open() === 1);
    expect(running.log.lines.at(-1)).toEqual({
      level: 'warn',
      message: 'answers are not read, connection closed',
      fields: { connection: 1 },
    });
    running.send(2, 'read');
    await running.until(() => heard() === 'read');
    reader.destroy();
    socket.destroy();
  });

  it('hold a connection open that was closed here by who reads it, no longer than anything else', async () => {
    const running = await Running.start();
    const { socket } = await client();
    await running.until(() => running.connections.length === 1);
    running.owe(1, 1);
    const closed = once(socket, 'end');
    running.subscription.unsubscribe();
    await closed;
    running.send(1, 'too late');
  });

  describe('at a stop', () => {
    it('come after the end of what is read', async () => {
      const running = await Running.start({ quietMs: 100 });
      const { socket, heard } = await client();
      const { socket: idle } = await client();
      socket.write('text');
      await running.until(() => running.textOf(1) === 'text' && running.connections.length === 2);
      running.owe(1, 1);
      const idleClosed = once(idle, 'end');
      running.stop$.next();
      await running.until(() => running.completed);
      await idleClosed;
      expect(running.ended.toSorted()).toEqual([1, 2]);
      const closed = once(socket, 'end');
      running.send(1, 'answer');
      await closed;
      expect(heard()).toBe('answer');
    });

    it('come no more when there will be none', async () => {
      const running = await Running.start({ quietMs: 100 });
      const { socket, heard } = await client();
      socket.write('text');
      await running.until(() => running.textOf(1) === 'text');
      running.owe(1, 1);
      running.stop$.next();
      await running.until(() => running.completed);
      const closed = once(socket, 'end');
      running.answered$.next();
      await closed;
      expect(heard()).toBe('');
    });
  });
});
