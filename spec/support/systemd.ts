/** systemd as the first process of a system that a spec makes for itself. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const BOOT = path.join(__dirname, 'bootSystemd.sh');
const BOOT_MS = 120_000;

/** Where control groups of version 2 are. */
const cgroups = (): string | undefined => /^cgroup2 (\S+) /m.exec(readFileSync('/proc/mounts', 'utf8'))?.[1];

/** Removes a group that systemd has made others in. */
const removeGroups = (folder: string): void => {
  const groups = execFileSync('find', [folder, '-depth', '-type', 'd'], { encoding: 'utf8' }).trim().split('\n');
  for (const group of groups) rmdirSync(group);
};

/**
 * Boots a system with the files of this one, runs a shell script in it as root, and returns what it said. `files` lie in /io beside
 * it. Needs root; throws where the script fails.
 */
export const underSystemd = (script: string, files: Readonly<Record<string, Buffer | string>> = {}): string => {
  const mounted = cgroups();
  if (mounted === undefined) throw new Error('expected control groups of version 2 in /proc/mounts, found none');
  const folder = mkdtempSync(path.join(tmpdir(), 'kahets-system-'));
  const cgroup = path.join(mounted, path.basename(folder));
  try {
    mkdirSync(cgroup);
    mkdirSync(path.join(folder, 'io'));
    for (const [name, content] of Object.entries({ 'run.sh': script, ...files }))
      writeFileSync(path.join(folder, 'io', name), content);
    const said = path.join(folder, 'io/said');
    const { status, stderr } = spawnSync(BOOT, [folder, cgroup], {
      ...{ timeout: BOOT_MS, killSignal: 'SIGKILL', encoding: 'utf8' },
    });
    const text = existsSync(said) ? readFileSync(said, 'utf8') : '';
    if (status !== 0) throw new Error(`the script failed (${status ?? 'killed'}); it said:\n${text}${stderr}`);
    return text;
  } finally {
    if (existsSync(cgroup)) removeGroups(cgroup);
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Whether that can be done here. */
export const maySystemd = (): boolean => {
  try {
    return existsSync('/lib/systemd/systemd') && underSystemd('echo booted') === 'booted\n';
  } catch {
    return false;
  }
};
