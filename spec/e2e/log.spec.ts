import { endDaemons, launchDaemon, MAIN } from '../support/daemon';
import { fileStream, oneBucket } from '../support/endToEnd';

/** A socket path that is a folder: the daemon logs why it cannot run, and ends. */
const options = { env: { SOCKET: '/tmp' }, buckets: oneBucket('b', { copy: fileStream() }) };
const CANNOT_CREATE = 73;

afterEach(endDaemons);

describe('the log', () => {
  it('is a line of JSON each where standard output is no terminal', async () => {
    const { code, lines } = await (await launchDaemon(options)).ended;
    expect(code).toBe(CANNOT_CREATE);
    expect(lines).toEqual([expect.objectContaining({ level: 'FATAL', msg: 'cannot run' })]);
  });

  it('is for people on a terminal', async () => {
    // `script` gives the daemon a terminal of its own.
    const command = ['script', '-qefc', `${process.execPath} ${MAIN} start`, '/dev/null'] as const;
    const { code, output, lines } = await (await launchDaemon({ ...options, command: [...command] })).ended;
    expect(code).toBe(CANNOT_CREATE);
    expect(output).toMatch(/FATAL.*cannot run/);
    expect(lines).toEqual([]);
  });
});
