/**
 * Builds a Debian package of what `npm pack` packs, with the packages of the lockfile that it needs, for this machine's architecture.
 *
 *     node scripts/deb.mjs [FOLDER]      writes FOLDER/kahets_VERSION_ARCH.deb (default: the working directory)
 *
 * DEBFULLNAME and DEBEMAIL name who builds it, as for Debian's own tools.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT, build, install, say } from './setUp.mjs';

const STEP_MS = 120_000;
const PACKAGING = path.join(ROOT, 'packaging');

const { DEBFULLNAME = 'The kahets contributors', DEBEMAIL = 'kahets@localhost' } = process.env;
const MAINTAINER = `${DEBFULLNAME} <${DEBEMAIL}>`;

/** What a program says, or an error with what it said; ends after two minutes. */
const ask = (command, args) =>
  execFileSync(command, args, { cwd: ROOT, encoding: 'utf8', timeout: STEP_MS, maxBuffer: 64 * 1024 * 1024 }).trim();

/** All files and folders below a folder, the folder first. */
const below = (folder) => [
  folder,
  ...fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? below(file) : [file];
  }),
];

const copy = (from, to) => fs.cpSync(from, to, { recursive: true, verbatimSymlinks: true });

/** The package as npm packs it, its documents where Debian looks for them. */
const addProgram = (stage, work) => {
  const [{ filename }] = JSON.parse(ask('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', work]));
  ask('tar', ['-xf', path.join(work, filename), '-C', work]);
  const program = path.join(stage, 'usr/lib/kahets');
  fs.mkdirSync(path.dirname(program), { recursive: true });
  fs.renameSync(path.join(work, 'package'), program);
  const documents = path.join(stage, 'usr/share/doc/kahets');
  fs.mkdirSync(path.dirname(documents), { recursive: true });
  fs.renameSync(path.join(program, 'docs'), documents);
  fs.renameSync(path.join(program, 'README.md'), path.join(documents, 'README.md'));
  // The text of the one is in the file `copyright`, the other is for a working directory, which here is /etc/kahets.
  for (const name of ['LICENSE', '.env.dev.local']) fs.rmSync(path.join(program, name));
  fs.mkdirSync(path.join(stage, 'usr/bin'), { recursive: true });
  fs.symlinkSync('../lib/kahets/dist/kahets.cjs', path.join(stage, 'usr/bin/kahets'));
};

/** The installed packages that the program needs: those of the lockfile, for this architecture. */
const addPackages = (stage) => {
  const needed = ask('npm', ['ls', '--all', '--omit=dev', '--parseable']).split('\n').slice(1);
  // Outer folders come first; what lies in one is copied with it.
  const outer = needed.filter((folder) => !needed.some((other) => folder.startsWith(`${other}${path.sep}`)));
  for (const folder of outer) copy(folder, path.join(stage, 'usr/lib/kahets', path.relative(ROOT, folder)));
  // Settings of their makers' tools, which nothing reads here.
  for (const file of below(path.join(stage, 'usr/lib/kahets/node_modules')))
    if (path.basename(file).startsWith('.')) fs.rmSync(file, { recursive: true, force: true });
};

/** Units, users, samples, documents of Debian. */
const addDebian = (stage, version) => {
  const debian = path.join(PACKAGING, 'debian');
  const systemd = path.join(PACKAGING, 'systemd');
  const documents = 'usr/share/doc/kahets';
  const files = [
    [path.join(systemd, 'kahets.service'), 'usr/lib/systemd/system/kahets.service'],
    [path.join(systemd, 'kahets.socket'), 'usr/lib/systemd/system/kahets.socket'],
    [path.join(systemd, 'kahets.env'), 'etc/kahets/kahets.env'],
    [path.join(systemd, 'kahets.service.d/host.conf.example'), `${documents}/examples/host.conf`],
    [path.join(systemd, 'kahets.socket.d/kahego.conf.example'), `${documents}/examples/kahego.conf`],
    [path.join(debian, 'buckets.json'), 'etc/kahets/buckets.json'],
    [path.join(debian, 'sysusers.conf'), 'usr/lib/sysusers.d/kahets.conf'],
    [path.join(debian, 'tmpfiles.conf'), 'usr/lib/tmpfiles.d/kahets.conf'],
    [path.join(debian, 'README.Debian'), `${documents}/README.Debian`],
    [path.join(debian, 'lintian-overrides'), 'usr/share/lintian/overrides/kahets'],
  ];
  for (const [from, to] of files) copy(from, path.join(stage, to));

  const licence = fs.readFileSync(path.join(ROOT, 'LICENSE'), 'utf8').trim();
  const indented = licence.replace(/^$/gm, '.').replace(/^/gm, ' ');
  const copyright = fs.readFileSync(path.join(debian, 'copyright'), 'utf8').replace('@LICENSE@', indented);
  fs.writeFileSync(path.join(stage, documents, 'copyright'), copyright);
  const changed = fs.statSync(path.join(ROOT, 'CHANGELOG.md')).mtime.toUTCString().replace('GMT', '+0000');
  const entry = `kahets (${version}) unstable; urgency=medium\n\n  * See CHANGELOG.md of the project.\n\n -- ${MAINTAINER}  ${changed}\n`;
  fs.writeFileSync(path.join(stage, documents, 'changelog.gz'), gzipSync(entry, { level: 9 }));
};

/** Control files, once everything else is there. */
const addControl = (stage, version, architecture) => {
  const debian = path.join(PACKAGING, 'debian');
  const entries = below(stage).filter((file) => file !== stage);
  const plain = entries.filter((file) => fs.lstatSync(file).isFile());
  const kilobytes = plain.reduce(
    (sum, file) => sum + Math.ceil(fs.statSync(file).size / 1024),
    entries.length - plain.length,
  );
  const control = path.join(stage, 'DEBIAN');
  fs.mkdirSync(control);
  const text = fs
    .readFileSync(path.join(debian, 'control'), 'utf8')
    .replace('@VERSION@', version)
    .replace('@MAINTAINER@', MAINTAINER)
    .replace('@ARCHITECTURE@', architecture)
    .replace('@INSTALLED_SIZE@', String(kilobytes));
  fs.writeFileSync(path.join(control, 'control'), text);
  for (const name of ['conffiles', 'postinst', 'prerm', 'postrm'])
    copy(path.join(debian, name), path.join(control, name));
  const sums = plain
    .map((file) => [path.relative(stage, file), createHash('md5').update(fs.readFileSync(file)).digest('hex')])
    .filter(([name]) => !name.startsWith('etc/'))
    .map(([name, sum]) => `${sum}  ${name}\n`);
  fs.writeFileSync(path.join(control, 'md5sums'), sums.join(''));
};

const EXECUTABLE = /^(usr\/lib\/kahets\/dist\/kahets\.cjs|DEBIAN\/(postinst|prerm|postrm))$/;

const setModes = (stage) => {
  for (const file of below(stage)) {
    const entry = fs.lstatSync(file);
    if (entry.isSymbolicLink()) continue;
    fs.chmodSync(file, entry.isDirectory() || EXECUTABLE.test(path.relative(stage, file)) ? 0o755 : 0o644);
  }
};

const [folder = process.cwd()] = process.argv.slice(2);
install();
build();
// A pre-release sorts before its release.
const version = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')).version.replace('-', '~');
const architecture = ask('dpkg', ['--print-architecture']);
const work = fs.mkdtempSync(path.join(tmpdir(), 'kahets-deb-'));
try {
  const stage = path.join(work, 'stage');
  addProgram(stage, work);
  addPackages(stage);
  addDebian(stage, version);
  addControl(stage, version, architecture);
  setModes(stage);
  const file = path.resolve(folder, `kahets_${version}_${architecture}.deb`);
  ask('dpkg-deb', ['--root-owner-group', '-Zxz', '-z3', '--build', stage, file]);
  say(`${file}: ${(fs.statSync(file).size / 1024 / 1024).toFixed(1)} MB`);
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}
