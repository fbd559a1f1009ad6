import { PassThrough } from 'node:stream';
import { Subject } from 'rxjs';
import type { CommandHost } from '../../../src/cli/command';
import { runProgram } from '../../../src/cli/program';
import type { Keyboard, Terminal } from '../../../src/cli/screen/terminal';
import { closeMonitors, serveMonitor, type ServedMonitor } from '../../support/servedMonitor';
import { run, testHost } from './harness';

afterEach(closeMonitors);

const portOf = ({ address }: ServedMonitor): string => (address.kind === 'tcp' ? String(address.port) : '');

/** A terminal in memory, and what it was told. */
const aTerminal = () => {
  const stream = new PassThrough();
  let text = '';
  const listeners = new Set<() => void>();
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    for (const listener of listeners) listener();
  });
  const terminal: Terminal = Object.assign(stream, { isTTY: true as const, columns: 80, rows: 24 });
  return {
    terminal,
    text: () => text,
    /** Resolves when it has been told `wanted`, from the call on. */
    shows: (wanted: string): Promise<void> => {
      const from = text.length;
      return new Promise((resolve) => {
        const listener = (): void => {
          if (!text.slice(from).includes(wanted)) return;
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
      });
    },
  };
};

const aKeyboard = () => {
  const raw: boolean[] = [];
  const stream = new PassThrough();
  const keyboard: Keyboard = Object.assign(stream, {
    isTTY: true as const,
    setRawMode: (isRaw: boolean) => raw.push(isRaw),
  });
  return { keyboard, raw, press: (keys: string) => void stream.write(keys) };
};

const LEFT = /\u001b\[\?7h\u001b\[\?25h\u001b\[\?1049l$/;

describe('kahets top', () => {
  const started = async (given: Partial<CommandHost> = {}) => {
    const daemon = await serveMonitor();
    daemon.monitor.listening(() => 1);
    for (let n = 0; n < 40; n += 1) daemon.env.ledger.received(`b${n}`, ['s'])(100 - n);
    const [screen, keys] = [aTerminal(), aKeyboard()];
    const ready = screen.shows('kahets 1.2.3');
    const ended = runProgram(
      ['top', '--http', portOf(daemon)],
      testHost({ stdout: () => screen.terminal, stdin: () => keys.keyboard, ...given }),
    );
    await ready;
    return { daemon, screen, keys, ended };
  };

  it('shows the daemon until q, and leaves the terminal as it was', async () => {
    const { screen, keys, ended } = await started();
    expect(screen.text()).toMatch(/^\u001b\[\?1049h\u001b\[\?25l\u001b\[\?7l/);
    expect(keys.raw).toEqual([true]);
    keys.press('q');
    expect(await ended).toBe(0);
    expect(screen.text()).toMatch(LEFT);
    expect(keys.raw).toEqual([true, false]);
  });

  it('does as the keys say', async () => {
    const { screen, keys, ended } = await started();
    const sorted = screen.shows('s sort: received');
    keys.press('s');
    await sorted;
    const scrolled = screen.shows('2–');
    keys.press('\u001b[B');
    await scrolled;
    const found = screen.shows('b17');
    keys.press('/b17');
    await found;
    // The daemon is asked for it as well, and says that there is one.
    const asked = screen.shows('1–1 of 1 with b17');
    keys.press('\r');
    await asked;
    keys.press('\u0003');
    expect(await ended).toBe(0);
  });

  it('takes another size at once', async () => {
    const { screen, keys, ended } = await started();
    const shown = screen.shows(' on here, proce…');
    Object.assign(screen.terminal, { columns: 28, rows: 8 });
    screen.terminal.emit('resize');
    await shown;
    keys.press('q');
    await ended;
  });

  it('says that the daemon is gone', async () => {
    const { daemon, screen, keys, ended } = await started();
    const told = screen.shows('no daemon for ');
    await daemon.close();
    await told;
    keys.press('q');
    expect(await ended).toBe(0);
  });

  it('leaves the terminal as it was at a signal, too', async () => {
    const interrupted$ = new Subject<unknown>();
    const { screen, ended } = await started({ interrupted$ });
    interrupted$.next('SIGTERM');
    expect(await ended).toBe(0);
    expect(screen.text()).toMatch(LEFT);
  });

  it('ends where the terminal hangs up', async () => {
    const { screen, ended } = await started();
    screen.terminal.emit('error', Object.assign(new Error('EIO'), { code: 'EIO' }));
    expect(await ended).toBe(0);
  });

  it('leaves the terminal as it was when something throws', async () => {
    const ticks: number[] = [];
    const { screen, ended } = await started({
      now: () => {
        if (ticks.push(1) > 1) throw new Error('no clock');
        return 0;
      },
    });
    await expect(ended).rejects.toThrow('no clock');
    expect(screen.text()).toMatch(LEFT);
  });

  it.each([{}, { TERM: 'dumb' }])('ends with 64 where there is no terminal to draw on: %j', async (environment) => {
    const { terminal } = aTerminal();
    const ran = await run(['top', '--http', '9410'], {
      environment,
      ...('TERM' in environment && { stdout: () => terminal }),
    });
    expect(ran).toEqual({
      ...{ code: 64, out: '' },
      err: 'kahets: expected standard output to be a terminal, which kahets status does not need\n',
    });
  });

  it('ends with 78 where HTTP is off', async () => {
    expect((await run(['top'])).code).toBe(78);
  });
});
