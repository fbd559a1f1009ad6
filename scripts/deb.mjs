/**
 * Builds a Debian package of the program in one file, with the packages of the lockfile that it needs, for this machine's architecture.
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
import { LICENCES } from './compile.mjs';
import { ROOT, build, install, say } from './setUp.mjs';
import { stage } from './stage.mjs';

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

/** The program, without what is for packages of npm. */
const addProgram = (root) => {
  const program = path.join(root, 'usr/lib/kahets');
  stage(program);
  // Their text is in the file `copyright`.
  for (const name of ['LICENSE', `dist/${LICENCES}`]) fs.rmSync(path.join(program, name));
  // Settings of their makers' tools, which nothing reads here.
  for (const file of below(path.join(program, 'node_modules')))
    if (path.basename(file).startsWith('.')) fs.rmSync(file, { recursive: true, force: true });
  fs.mkdirSync(path.join(root, 'usr/bin'), { recursive: true });
  fs.symlinkSync('../lib/kahets/dist/kahets.cjs', path.join(root, 'usr/bin/kahets'));
};

/** Readme and pages; pictures and decisions stay in the repository. */
const pages = () =>
  ['README.md', ...fs.readdirSync(path.join(ROOT, 'docs')).map((name) => path.join('docs', name))].filter((page) =>
    page.endsWith('.md'),
  );

const APACHE = /^ *Apache License\n *Version 2\.0[^]*?END OF TERMS AND CONDITIONS$/gm;

/** Licences as the file `copyright` has them: indented, and the one that every Debian has by its name. */
const licences = (...parts) =>
  fs
    .readFileSync(path.join(ROOT, ...parts), 'utf8')
    .replace(APACHE, 'The Apache License, version 2.0, is in /usr/share/common-licenses/Apache-2.0.')
    .trim()
    .replace(/^\s*$/gm, '.')
    .replace(/^/gm, ' ');

/** Units, users, samples, documents of Debian. */
const addDebian = (root, version) => {
  const debian = path.join(PACKAGING, 'debian');
  const systemd = path.join(PACKAGING, 'systemd');
  const documents = 'usr/share/doc/kahets';
  const files = [
    [path.join(systemd, 'kahets.service'), 'usr/lib/systemd/system/kahets.service'],
    [path.join(systemd, 'kahets.socket'), 'usr/lib/systemd/system/kahets.socket'],
    [path.join(systemd, 'kahets.env'), 'etc/kahets/kahets.env'],
    [path.join(systemd, 'kahets.service.d/host.conf.example'), `${documents}/examples/host.conf`],
    [path.join(systemd, 'kahets.service.d/reload.conf.example'), `${documents}/examples/reload.conf`],
    [path.join(systemd, 'kahets.socket.d/kahego.conf.example'), `${documents}/examples/kahego.conf`],
    [path.join(debian, 'buckets.json'), 'etc/kahets/buckets.json'],
    [path.join(debian, 'sysusers.conf'), 'usr/lib/sysusers.d/kahets.conf'],
    [path.join(debian, 'tmpfiles.conf'), 'usr/lib/tmpfiles.d/kahets.conf'],
    [path.join(debian, 'README.Debian'), `${documents}/README.Debian`],
    [path.join(debian, 'lintian-overrides'), 'usr/share/lintian/overrides/kahets'],
    [path.join(PACKAGING, 'prometheus/kahets.rules.yml'), `${documents}/examples/kahets.rules.yml`],
    [path.join(PACKAGING, 'grafana/kahets.json'), `${documents}/examples/grafana.json`],
    ...pages().map((page) => [path.join(ROOT, page), `${documents}/${path.basename(page)}`]),
  ];
  for (const [from, to] of files) copy(from, path.join(root, to));
  // It lies beside the pages here.
  const readme = path.join(root, documents, 'README.md');
  fs.writeFileSync(readme, fs.readFileSync(readme, 'utf8').replaceAll('](docs/', ']('));

  const copyright = fs
    .readFileSync(path.join(debian, 'copyright'), 'utf8')
    .replace('@LICENSE@', () => licences('LICENSE'))
    .replace('@THIRD_PARTY@', () => licences('dist', LICENCES));
  fs.writeFileSync(path.join(root, documents, 'copyright'), copyright);
  const changed = fs.statSync(path.join(ROOT, 'CHANGELOG.md')).mtime.toUTCString().replace('GMT', '+0000');
  const entry = `kahets (${version}) unstable; urgency=medium\n\n  * See CHANGELOG.md of the project.\n\n -- ${MAINTAINER}  ${changed}\n`;
  fs.writeFileSync(path.join(root, documents, 'changelog.gz'), gzipSync(entry, { level: 9 }));
};

/** Control files, once everything else is there. */
const addControl = (root, version, architecture) => {
  const debian = path.join(PACKAGING, 'debian');
  const entries = below(root).filter((file) => file !== root);
  const plain = entries.filter((file) => fs.lstatSync(file).isFile());
  const kilobytes = plain.reduce(
    (sum, file) => sum + Math.ceil(fs.statSync(file).size / 1024),
    entries.length - plain.length,
  );
  const control = path.join(root, 'DEBIAN');
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
    .map((file) => [path.relative(root, file), createHash('md5').update(fs.readFileSync(file)).digest('hex')])
    .filter(([name]) => !name.startsWith('etc/'))
    .map(([name, sum]) => `${sum}  ${name}\n`);
  fs.writeFileSync(path.join(control, 'md5sums'), sums.join(''));
};

const EXECUTABLE = /^(usr\/lib\/kahets\/dist\/kahets\.cjs|DEBIAN\/(postinst|prerm|postrm))$/;

const setModes = (root) => {
  for (const file of below(root)) {
    const entry = fs.lstatSync(file);
    if (entry.isSymbolicLink()) continue;
    fs.chmodSync(file, entry.isDirectory() || EXECUTABLE.test(path.relative(root, file)) ? 0o755 : 0o644);
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
  const root = path.join(work, 'root');
  addProgram(root);
  addDebian(root, version);
  addControl(root, version, architecture);
  setModes(root);
  const file = path.resolve(folder, `kahets_${version}_${architecture}.deb`);
  ask('dpkg-deb', ['--root-owner-group', '-Zxz', '-z3', '--build', root, file]);
  say(`${file}: ${(fs.statSync(file).size / 1024 / 1024).toFixed(1)} MB`);
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}
