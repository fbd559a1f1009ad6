/** The units under systemd itself, with the Debian package installed. */
import { existsSync, readFileSync } from 'node:fs';
import { encodeFrame } from '../../src/wire/frame';
import { EX } from '../../src/cli/exitCodes';
import { BUILD_DEB_MS, builtDeb } from '../support/builtDeb';
import { fileStream, oneBucket } from '../support/endToEnd';
import { MessageCursor } from '../../src/wire/messageCursor';
import { Arrivals, NO_FAULTS, numberedFrame } from '../support/numbered';
import { maySystemd, underSystemd } from '../support/systemd';

const hasNode = ['/usr/bin/node', '/usr/local/bin/node'].some((file) => existsSync(file));
const describeSystemd = hasNode && maySystemd() ? describe : describe.skip;

const INSTALL = 'dpkg -i --force-depends /io/kahets.deb >/dev/null 2>&1';

/** Settings of a host: what is waited for in a spec is short. */
const dropIn = (...lines: readonly string[]): string => `
mkdir -p /etc/systemd/system/kahets.service.d
printf '%s\\n' '[Service]' RestartSec=1 ${lines.join(' ')} >/etc/systemd/system/kahets.service.d/host.conf
systemctl daemon-reload`;

/** Writes the bytes of /io/messages to the socket. */
const SEND = `node -e '
const client = require("node:net").connect("/run/kahets/kahets.sock", () => client.end(require("node:fs").readFileSync("/io/messages")));
client.resume()'`;

/** Shell functions: a property of the service, a wait for its value, and one for a line of the log. */
const WAIT = `
show() { systemctl show --property="$1" --value kahets.service; }
shows() { timeout 40 sh -c 'until systemctl show --property="$0" --value kahets.service | grep -q "$1"; do sleep 0.1; done' "$1" "$2"; }
logged() { timeout 20 sh -c 'until journalctl -o cat -u kahets | grep -q "$0"; do sleep 0.1; done' "$1"; }`;

/**
 * Sends the messages of /io/messages, each over a connection of its own, some at once, until there is a file /io/enough or all are sent;
 * prints how many. A message that the daemon closes the connection on is sent again: it was not read.
 */
const LOAD = `
const { connect } = require('node:net');
const { existsSync, readFileSync } = require('node:fs');
const messages = JSON.parse(readFileSync('/io/messages', 'utf8')).map((text) => Buffer.from(text, 'base64'));
let next = 0;
const send = (bytes) => new Promise((resolve) => {
  let broke = false;
  connect('/run/kahets/kahets.sock').on('error', () => (broke = true)).on('close', () => resolve(broke)).resume().end(bytes);
});
const pour = async () => {
  while (next < messages.length && !existsSync('/io/enough')) {
    const bytes = messages[next++];
    while (await send(bytes));
  }
};
Promise.all(Array.from({ length: 8 }, pour)).then(() => console.log(next));
`;

describeSystemd('under systemd', () => {
  let deb: Buffer;
  beforeAll(async () => {
    deb = readFileSync(await builtDeb());
  }, BUILD_DEB_MS);

  const run = (script: string, files: Readonly<Record<string, string>> = {}): readonly string[] => {
    const messages = Buffer.concat([encodeFrame('requests', 'one'), encodeFrame('requests', 'two')]);
    return underSystemd(`set -e\n${INSTALL}${WAIT}\n${script}`, { 'kahets.deb': deb, messages, ...files })
      .trim()
      .split('\n');
  };

  it('runs with all its restrictions, backs up what Kafka does not take, and stops', () => {
    const said = run(`
systemctl start kahets.service
show ActiveState
show StatusText
grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/$(show MainPID)/status | tr '\\t' ' '
stat -c '%U:%G %a' /run/kahets/kahets.sock
${SEND}
logged 'stream open'
systemctl stop kahets.service
show Result
ls /run/kahets
stat -c '%U:%G %a %n' /var/lib/kahets/backup/requests/* | sed 's/[0-9]*[.]bckstm$/NAME/'
journalctl -o cat -u kahets | grep -o '"backedUp":[0-9]*.*"held":[0-9]*'`);
    expect(said).toEqual([
      ...['active', 'Listening at /run/kahets/kahets.sock'],
      ...['CapEff: 0000000000000000', 'NoNewPrivs: 1', 'Seccomp: 2'],
      'kahets:kahets 660',
      'success',
      'kahets:kahets 640 /var/lib/kahets/backup/requests/NAME',
      '"backedUp":2,"deadLettered":0,"dropped":{},"sampledOut":0,"held":0',
    ]);
  }, 120_000);

  it('starts again after a kill, and not with a wrong configuration', () => {
    const said = run(`${dropIn()}
systemctl start kahets.service
kill -KILL $(show MainPID)
shows NRestarts 1
shows ActiveState '^active'
show NRestarts
systemctl stop kahets.service
echo '{}' > /etc/kahets/buckets.json
systemctl start kahets.service 2>/dev/null || echo refused
timeout 20 sh -c 'until systemctl is-failed --quiet kahets; do sleep 0.1; done'
show ExecMainStatus
show NRestarts`);
    expect(said).toEqual(['1', 'refused', String(EX.CONFIG), '0']);
  }, 120_000);

  it('has a socket for the group of the web servers, by the path of kahego as well', () => {
    const said = run(`
mkdir /etc/systemd/system/kahets.socket.d
cp /usr/share/doc/kahets/examples/kahego.conf /etc/systemd/system/kahets.socket.d/
systemctl daemon-reload
systemctl start kahets.socket
stat -c '%U:%G %a' /run/kahets/kahets.sock
readlink /tmp/kahego.sock
systemctl stop kahets.socket
ls /run/kahets | wc -l`);
    expect(said).toEqual(['kahets:www-data 660', expect.stringMatching(/run\/kahets\/kahets\.sock$/), '0']);
  }, 120_000);

  it('is ended and started again when its loop is stuck, and not before', () => {
    const said = run(`${dropIn('WatchdogSec=3', 'RestartSec=4')}
systemctl start kahets.service
sleep 7
show NRestarts
kill -STOP $(show MainPID)
shows Result watchdog
shows NRestarts 1
shows ActiveState '^active'
systemctl stop kahets.service
show Result`);
    expect(said).toEqual(['0', 'success']);
  }, 120_000);

  it('reloads, and says how that went', () => {
    const said = run(`
systemctl start kahets.service
cp /etc/kahets/buckets.json /tmp/buckets.json
echo '{' >/etc/kahets/buckets.json
systemctl reload kahets.service
shows StatusText 'not reloaded'
shows ActiveState '^active'
show StatusText
cp /tmp/buckets.json /etc/kahets/buckets.json
systemctl reload kahets.service
shows StatusText 'configuration reloaded'
shows ActiveState '^active'
show StatusText`);
    const at = 'Listening at /run/kahets/kahets.sock';
    expect(said).toEqual([
      `${at}; configuration not reloaded, what runs goes on: the log says why`,
      `${at}; configuration reloaded`,
    ]);
  }, 120_000);

  it('has the time for its drain, though the unit has less', () => {
    const kafka = { type: 'kafka', settings: { 'bootstrap.servers': '127.0.0.1:9' } };
    const said = run(
      `${dropIn('TimeoutStopSec=2', 'Environment=DRAIN_TIMEOUT=5s')}
cp /io/buckets.json /etc/kahets/
systemctl start kahets.service
${SEND}
systemctl stop kahets.service
show Result
ls /var/lib/kahets/spool/streams/kafka | wc -l`,
      { 'buckets.json': JSON.stringify(oneBucket('requests', { kafka })) },
    );
    expect(said).toEqual(['success', '1']);
  }, 120_000);

  it('loses and doubles nothing over restarts under load, with the socket of systemd', () => {
    const restarts = 6;
    const messages = Array.from({ length: 100_000 }, (_, n) => numberedFrame('requests', n));
    const [before, sent, ...lines] = run(
      `
cp /io/buckets.json /etc/kahets/
systemctl start kahets.socket
systemctl is-active kahets.service || true
node /io/load.js >/io/sent 2>&1 &
for restart in $(seq ${restarts}); do
  shows ActiveState '^active'
  sleep 0.3
  systemctl restart kahets.service
done
touch /io/enough
wait $!
cat /io/sent
systemctl stop kahets.socket kahets.service
show Result
journalctl -o cat -u kahets | grep -c '"msg":"listening".*"passedBy":"systemd"\\|"passedBy":"systemd".*"msg":"listening"'
cat /var/lib/kahets/copy/requests/* | base64 -w 0`,
      {
        'buckets.json': JSON.stringify(oneBucket('requests', { copy: fileStream('/var/lib/kahets/copy') })),
        messages: JSON.stringify(messages.map((frame) => frame.toString('base64'))),
        'load.js': LOAD,
      },
    );
    const [result, daemons, copy = ''] = lines;
    expect([before, result, daemons]).toEqual(['inactive', 'success', String(restarts + 1)]);
    expect(Number(sent)).toBeGreaterThan(restarts);
    const arrivals = new Arrivals(Number(sent));
    const bytes = Buffer.from(copy, 'base64');
    const cursor = new MessageCursor(bytes);
    while (cursor.next()) {
      arrivals.add(bytes.subarray(cursor.keyStart, cursor.keyEnd), bytes.subarray(cursor.valueStart, cursor.end));
    }
    // Connections have no order among each other.
    expect(arrivals.faults()).toEqual({ ...NO_FAULTS, outOfOrder: expect.any(Number) as number });
  }, 180_000);
});
