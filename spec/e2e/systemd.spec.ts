/** The units under systemd itself, with the Debian package installed. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeFrame } from '../../src/wire/frame';
import { EX } from '../../src/cli/exitCodes';
import { ROOT } from '../support/endToEnd';
import { maySystemd, underSystemd } from '../support/systemd';

const BUILD_MS = 180_000;
const hasNode = ['/usr/bin/node', '/usr/local/bin/node'].some((file) => existsSync(file));
const describeSystemd = hasNode && maySystemd() ? describe : describe.skip;

/** Without a READY=1 a service of the type `notify` never counts as started. */
const DROP_IN = '[Service]\nType=exec\nWatchdogSec=0\nRestartSec=1\n';

const INSTALL = `
dpkg -i --force-depends /io/kahets.deb >/dev/null 2>&1
mkdir /etc/systemd/system/kahets.service.d && cp /io/exec.conf /etc/systemd/system/kahets.service.d/
systemctl daemon-reload`;

/** Writes the bytes of /io/messages to the socket. */
const SEND = `node -e '
const client = require("node:net").connect("/run/kahets/kahets.sock", () => client.end(require("node:fs").readFileSync("/io/messages")));
client.resume()'`;

/** Shell functions: waits for a line of the service's log, or that something is true. */
const WAIT = `
logged() { timeout 20 sh -c 'until journalctl -o cat -u kahets | grep -q "$0"; do sleep 0.1; done' "$1"; }
show() { systemctl show --property="$1" --value kahets.service; }`;

describeSystemd('under systemd', () => {
  const work = mkdtempSync(path.join(tmpdir(), 'kahets-units-'));
  let deb: Buffer;
  beforeAll(() => {
    execFileSync(process.execPath, [path.join(ROOT, 'scripts/deb.mjs'), work], { timeout: BUILD_MS, stdio: 'pipe' });
    deb = readFileSync(path.join(work, readdirSync(work).find((name) => name.endsWith('.deb')) ?? 'none'));
  }, BUILD_MS);
  afterAll(() => rmSync(work, { recursive: true }));

  const run = (script: string): readonly string[] => {
    const messages = Buffer.concat([encodeFrame('requests', 'one'), encodeFrame('requests', 'two')]);
    const files = { 'kahets.deb': deb, 'exec.conf': DROP_IN, messages };
    return underSystemd(`set -e${INSTALL}${WAIT}\n${script}`, files).trim().split('\n');
  };

  it('runs with all its restrictions, backs up what Kafka does not take, and stops', () => {
    const said = run(`
systemctl start kahets.service
logged '"msg":"listening"'
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
      ...['CapEff: 0000000000000000', 'NoNewPrivs: 1', 'Seccomp: 2'],
      'kahets:kahets 660',
      'success',
      'kahets:kahets 640 /var/lib/kahets/backup/requests/NAME',
      '"backedUp":2,"deadLettered":0,"dropped":{},"sampledOut":0,"held":0',
    ]);
  }, 120_000);

  it('starts again after a kill, and not with a wrong configuration', () => {
    const said = run(`
systemctl start kahets.service
logged '"msg":"listening"'
kill -KILL $(show MainPID)
timeout 20 sh -c 'until [ "$(systemctl show --property=NRestarts --value kahets.service)" = 1 ]; do sleep 0.1; done'
timeout 20 sh -c 'until [ -S /run/kahets/kahets.sock ] && systemctl is-active --quiet kahets; do sleep 0.1; done'
show NRestarts
systemctl stop kahets.service
echo '{}' > /etc/kahets/buckets.json
systemctl start kahets.service || true
timeout 20 sh -c 'until systemctl is-failed --quiet kahets; do sleep 0.1; done'
show ExecMainStatus
show NRestarts`);
    expect(said).toEqual(['1', String(EX.CONFIG), '0']);
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
});
