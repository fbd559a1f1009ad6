/** The Debian package, taken apart and run from there. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeFrame } from '../../src/wire/frame';
import { ask, describeWith, PACKAGING } from '../packaging/tools';
import { BUILD_DEB_MS, builtDeb } from '../support/builtDeb';
import { openClient } from '../support/client';
import { endDaemons, startDaemon } from '../support/daemon';
import { fileStream, finalLedger, oneBucket, ROOT } from '../support/endToEnd';

const STEP_MS = 180_000;
const MOST_KILOBYTES = 10 * 1024;

/** Lines of `dpkg-deb --contents`: permissions, owner, path. */
const entriesOf = (file: string): readonly string[] =>
  ask('dpkg-deb', ['--contents', file])
    .output.trim()
    .split('\n')
    .map((line) => line.replace(/ +\d+ \d{4}-\d\d-\d\d \d\d:\d\d /, ' '));

const scriptOf = (name: string): string => path.join(PACKAGING, 'debian', name);

/** A shell in a copy of this system's files that is gone with it: they lie below, what is written lies in memory. */
const inCopyOfSystem = (folder: string, script: string): string =>
  execFileSync(
    'unshare',
    [
      ...['--mount', '--propagation', 'private', 'sh', '-ec'],
      `mount -t tmpfs tmpfs "$0" && cd "$0" && mkdir upper work root
       mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
       mount --bind /dev root/dev && mount --rbind /proc root/proc && mount -t tmpfs tmpfs root/run
       exec chroot root sh -ec "$1"`,
      ...[folder, script],
    ],
    { encoding: 'utf8', timeout: STEP_MS, stdio: ['ignore', 'pipe', 'inherit'] },
  );

const mayCopySystem = (): boolean => {
  const folder = mkdtempSync(path.join(tmpdir(), 'kahets-system-'));
  try {
    return inCopyOfSystem(folder, 'echo yes') === 'yes\n';
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
};
/** Needs root. */
const itInstalls = mayCopySystem() ? it : it.skip;

afterEach(endDaemons);

describeWith('dpkg-deb')('the Debian package', () => {
  const work = mkdtempSync(path.join(tmpdir(), 'kahets-deb-'));
  const root = path.join(work, 'root');
  let file = '';
  beforeAll(async () => {
    file = await builtDeb();
    mkdirSync(root);
    execFileSync('dpkg-deb', ['--extract', file, root]);
  }, BUILD_DEB_MS);
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it('holds program, units, samples and documents, owned by root', () => {
    const entries = entriesOf(file);
    const wanted = [
      '-rwxr-xr-x root/root ./usr/lib/kahets/dist/kahets.cjs',
      'lrwxrwxrwx root/root ./usr/bin/kahets -> ../lib/kahets/dist/kahets.cjs',
      '-rw-r--r-- root/root ./usr/lib/kahets/package.json',
      '-rw-r--r-- root/root ./usr/lib/systemd/system/kahets.service',
      '-rw-r--r-- root/root ./usr/lib/systemd/system/kahets.socket',
      '-rw-r--r-- root/root ./usr/lib/sysusers.d/kahets.conf',
      '-rw-r--r-- root/root ./usr/lib/tmpfiles.d/kahets.conf',
      '-rw-r--r-- root/root ./etc/kahets/buckets.json',
      '-rw-r--r-- root/root ./etc/kahets/kahets.env',
      '-rw-r--r-- root/root ./usr/share/doc/kahets/README.Debian',
      '-rw-r--r-- root/root ./usr/share/doc/kahets/copyright',
      '-rw-r--r-- root/root ./usr/share/doc/kahets/operating.md',
      '-rw-r--r-- root/root ./usr/share/doc/kahets/examples/host.conf',
    ];
    expect(wanted.filter((entry) => !entries.includes(entry))).toEqual([]);
    expect(entries.filter((entry) => !entry.includes(' root/root '))).toEqual([]);
  });

  it('holds of other packages those with binaries, and no hidden file but a sample', () => {
    const packages = readdirSync(path.join(root, 'usr/lib/kahets/node_modules'));
    expect(packages.sort()).toEqual(['@antoniomuso', '@mongodb-js', '@napi-rs', '@node-rs', 'lz4-napi', 'snappy']);
    expect(readdirSync(path.join(root, 'usr/lib/kahets/dist')).sort()).toEqual(['control', 'kahets.cjs']);
    expect(entriesOf(file).filter((entry) => /\/\.[^/]/.test(entry))).toEqual([
      '-rw-r--r-- root/root ./usr/lib/kahets/.env.dev.local',
    ]);
  });

  it('tells the licences of what is in the program', () => {
    const copyright = readFileSync(path.join(root, 'usr/share/doc/kahets/copyright'), 'utf8');
    const bundled = readFileSync(path.join(ROOT, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    const headings = [...bundled.matchAll(/^-+\n\n(.+)\n\n-+$/gm)].map(([, heading = '']) => ` ${heading}\n`);
    expect(headings.length).toBeGreaterThan(30);
    expect(headings.filter((heading) => !copyright.includes(heading))).toEqual([]);
    // Every Debian has it; lintian does not want it twice.
    expect(copyright).not.toContain('TERMS AND CONDITIONS FOR USE');
    expect(copyright).toContain('/usr/share/common-licenses/Apache-2.0');
  });

  it('makes a configuration to begin with', () => {
    const kahets = path.join(root, 'usr/bin/kahets');
    const folder = path.join(work, 'begin');
    expect(ask(process.execPath, [kahets, 'init', folder, '--topic', 'orders'])).toMatchObject({ code: 0 });
    expect(readdirSync(folder).sort()).toEqual(['.env.dev.local', 'buckets.json', 'kahets.service']);
  });

  it('says what it needs, how large it is, and which files belong to the administrator', () => {
    const field = (name: string): string => ask('dpkg-deb', ['--field', file, name]).output.trim();
    const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(field('Version')).toBe(version.replace('-', '~'));
    expect(field('Depends')).toContain('nodejs (>= 20.3)');
    expect(Number(field('Installed-Size'))).toBeGreaterThan(1024);
    expect(Number(field('Installed-Size'))).toBeLessThan(MOST_KILOBYTES);
    const control = path.join(work, 'control');
    execFileSync('dpkg-deb', ['--control', file, control]);
    const conffiles = readFileSync(path.join(control, 'conffiles'), 'utf8').trim().split('\n');
    expect(conffiles).toEqual(readdirSync(path.join(root, 'etc/kahets')).map((name) => `/etc/kahets/${name}`));
    execFileSync('md5sum', ['--check', '--quiet', path.join(control, 'md5sums')], { cwd: root });
  });

  it.each(['postinst', 'prerm', 'postrm'])('has a %s that the shell can read', (name) => {
    expect(ask('sh', ['-n', scriptOf(name)])).toEqual({ code: 0, output: '' });
  });

  it('runs from where it was unpacked: messages of a client lie in a file', async () => {
    const daemon = await startDaemon({
      buckets: oneBucket('b', { copy: fileStream() }),
      command: [process.execPath, path.join(root, 'usr/bin/kahets'), 'start'],
    });
    const client = await openClient(daemon.socket);
    await client.write(encodeFrame('b', 'a message'));
    await client.end();
    const ended = await daemon.stop();
    expect(ended.code).toBe(0);
    expect(finalLedger(ended)).toEqual([expect.objectContaining({ received: 1, delivered: 1 })]);
  });

  itInstalls(
    'is installed, upgraded, removed and purged, and leaves what is not delivered',
    () => {
      const system = path.join(work, 'system');
      mkdirSync(system);
      // Node is there, but seldom from a package.
      const install = `dpkg -i --force-depends ${file} >/dev/null 2>&1`;
      const said = inCopyOfSystem(
        system,
        `${install}
       getent passwd kahets | cut -d: -f6,7
       stat -c '%U:%G %a %n' /etc/kahets/*
       kahets --version
       echo LOG_LEVEL=WARN >> /etc/kahets/kahets.env && chmod 600 /etc/kahets/kahets.env
       ${install}
       tail -n 1 /etc/kahets/kahets.env && stat -c %a /etc/kahets/kahets.env
       mkdir -p /var/lib/kahets/spool/streams /var/lib/kahets/backup && echo message > /var/lib/kahets/backup/file
       dpkg --remove kahets >/dev/null && ls /etc/kahets
       dpkg --purge kahets >/dev/null 2>&1 && find /etc/kahets /var/lib/kahets 2>/dev/null || true`,
      );
      const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
      expect(said.split('\n')).toEqual([
        '/var/lib/kahets:/usr/sbin/nologin',
        ...['root:kahets 640 /etc/kahets/buckets.json', 'root:kahets 640 /etc/kahets/kahets.env'],
        version,
        ...['LOG_LEVEL=WARN', '600'],
        ...['buckets.json', 'kahets.env'],
        ...['/var/lib/kahets', '/var/lib/kahets/backup', '/var/lib/kahets/backup/file'],
        '',
      ]);
    },
    60_000,
  );

  // Half a minute of a core: KAHETS_LINTIAN=1 asks for it.
  const describeLint = process.env['KAHETS_LINTIAN'] === '1' ? describeWith('lintian') : describe.skip;
  describeLint('as lintian sees it', () => {
    it('has no error and no warning', () => {
      const cwd = mkdtempSync(path.join(work, 'lint-'));
      writeFileSync(path.join(cwd, 'kahets.deb'), readFileSync(file));
      const found = execFileSync('lintian', ['--allow-root', '--fail-on', 'error,warning', 'kahets.deb'], {
        ...{ cwd, encoding: 'utf8', timeout: STEP_MS },
      });
      expect(found).not.toMatch(/^[EW]:/m);
    }, 200_000);
  });
});
