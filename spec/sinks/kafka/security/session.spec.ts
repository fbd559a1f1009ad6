import * as E from 'fp-ts/Either';
import { VirtualTimeScheduler } from 'rxjs';
import { keepSession, type Session } from '../../../../src/sinks/kafka/security/session';
import { createTimers } from '../../../../src/sinks/kafka/timers';

/** Lets promises settle that are settled by other promises. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

describe('keepSession', () => {
  let clock: VirtualTimeScheduler;
  let done: string[];
  let lifetimeMs: number;
  let prepared: E.Either<string, unknown>;
  let authenticated: () => Promise<E.Either<string, unknown>>;
  let session: Session;

  const begin = (): void => {
    session = keepSession({
      lifetimeMs: () => lifetimeMs,
      prepare: () => {
        done.push(`prepare ${clock.now()}`);
        return Promise.resolve(prepared);
      },
      authenticate: () => {
        done.push(`authenticate ${clock.now()}`);
        return authenticated();
      },
      end: (cause) => {
        done.push(`end ${clock.now()}: ${cause}`);
        session.close();
      },
      timers: createTimers(clock),
    });
  };
  /** Runs what is due until `ms`. */
  const runTo = async (ms: number): Promise<void> => {
    for (;;) {
      await settle();
      const next = clock.actions[0];
      if (!next || next.delay > ms) break;
      clock.maxFrames = next.delay;
      clock.flush();
    }
    clock.frame = ms;
    await settle();
  };
  const answered = (name: string) => () => {
    done.push(name);
    return Promise.resolve(name);
  };

  beforeEach(() => {
    clock = new VirtualTimeScheduler();
    done = [];
    lifetimeMs = 10_000;
    prepared = E.right('token');
    authenticated = () => Promise.resolve(E.right(undefined));
  });

  it('leaves a connection alone whose session does not end', async () => {
    lifetimeMs = 0;
    begin();
    await session.run(answered('a'));
    await runTo(100_000);
    expect(done).toEqual(['a']);
    expect(clock.actions).toEqual([]);
  });

  it('authenticates anew at 85 % of the session, again and again', async () => {
    begin();
    await runTo(20_000);
    expect(done).toEqual(['prepare 8500', 'authenticate 8500', 'prepare 17000', 'authenticate 17000']);
  });

  it('goes by what the broker said last', async () => {
    begin();
    lifetimeMs = 2000;
    await runTo(10_300);
    expect(done.filter((one) => one.startsWith('auth'))).toEqual(['authenticate 8500', 'authenticate 10200']);
  });

  it('waits for what is on its way, and holds back what comes meanwhile, in order', async () => {
    let answer = (): void => undefined;
    let welcome = (): void => undefined;
    authenticated = () => new Promise((resolve) => (welcome = () => resolve(E.right(undefined))));
    begin();
    const slow = session.run(() => new Promise<void>((resolve) => (answer = resolve)));
    await runTo(8600);
    const held = [session.run(answered('b')), session.run(answered('c'))];
    await settle();
    expect(done).toEqual(['prepare 8500']);
    answer();
    await slow;
    await settle();
    expect(done).toEqual(['prepare 8500', 'authenticate 8600']);
    welcome();
    await Promise.all(held);
    expect(done.slice(2)).toEqual(['b', 'c']);
  });

  it('tries again while there is no token, and ends in order when there is no time left', async () => {
    prepared = E.left('no token');
    begin();
    await runTo(12_000);
    expect(done).toEqual(['prepare 8500', 'prepare 9250', 'end 9250: no token']);
  });

  it('goes on when there is a token in the end', async () => {
    prepared = E.left('no token');
    begin();
    await runTo(8600);
    prepared = E.right('token');
    await runTo(9300);
    expect(done).toEqual(['prepare 8500', 'prepare 9250', 'authenticate 9250']);
  });

  it('ends when the broker refuses, and lets go of what waits', async () => {
    let refuse = (): void => undefined;
    authenticated = () => new Promise((resolve) => (refuse = () => resolve(E.left('refused'))));
    begin();
    await runTo(8600);
    const held = session.run(answered('finds out'));
    refuse();
    await held;
    expect(done).toEqual(['prepare 8500', 'authenticate 8500', 'end 8600: refused', 'finds out']);
  });

  it('does nothing after the connection has ended', async () => {
    begin();
    session.close();
    await runTo(100_000);
    expect(done).toEqual([]);
  });

  it('lets go of what waits when the connection ends meanwhile', async () => {
    authenticated = () => new Promise(() => undefined);
    begin();
    await runTo(8600);
    const held = session.run(answered('finds out'));
    session.close();
    expect(await held).toBe('finds out');
  });

  it('survives a request that throws', async () => {
    begin();
    await expect(session.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await runTo(9000);
    expect(done).toContain('authenticate 8500');
  });

  it('takes a session of months', async () => {
    lifetimeMs = 90 * 24 * 3600 * 1000;
    begin();
    await runTo(24 * 3600 * 1000);
    expect(done).toEqual([`prepare ${24 * 3600 * 1000}`, `authenticate ${24 * 3600 * 1000}`]);
  });
});
