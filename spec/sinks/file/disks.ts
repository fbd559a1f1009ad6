import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const run = (program: string, ...args: readonly string[]): void => {
  execFileSync(program, args, { stdio: 'ignore' });
};
const unmount = (folder: string): void => run('umount', folder);

const works = (check: (folder: string) => void): boolean => {
  const folder = mkdtempSync(join(tmpdir(), 'kahets-mount-'));
  try {
    check(folder);
    unmount(folder);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
};

const mountMemory = (folder: string, bytes: number): void =>
  run('mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder);

const mayMount = works((folder) => mountMemory(folder, 65_536));

/** A disk of one's own needs the right to mount one. */
export const itMounts = mayMount ? it : it.skip;

/** A disk in memory with room for `bytes`. */
export const onSmallDisk = async (bytes: number, use: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'kahets-disk-'));
  mountMemory(folder, bytes);
  try {
    await use(folder);
  } finally {
    unmount(folder);
    await rm(folder, { recursive: true });
  }
};

export interface Ext4Disk {
  readonly path: string;
  /** The computer loses its power: only what is synced stays. Files of it must be closed before `mountAgain`. */
  readonly cutPower: () => void;
  /** The file system finds itself broken, and takes no more writes. */
  readonly breakDown: () => Promise<void>;
  readonly mountAgain: () => void;
}

const IMAGE_BYTES = 16 * 1024 * 1024;
/** EXT4_IOC_SHUTDOWN with NOLOGFLUSH. */
const CUT = 'open F, "<", $ARGV[0] or die; $how = pack("L", 2); ioctl(F, 0x8004587D, $how) or die';

const makeImage = (image: string): void => {
  writeFileSync(image, '');
  truncateSync(image, IMAGE_BYTES);
  run('mkfs.ext4', '-q', '-F', image);
};

// Nothing is synced by the system meanwhile.
const mountImage = (image: string, folder: string): void =>
  run('mount', '-o', 'loop,commit=300,errors=remount-ro', image, folder);

const mayLoop = ((): boolean => {
  const folder = mkdtempSync(join(tmpdir(), 'kahets-image-'));
  const image = join(folder, 'image');
  try {
    makeImage(image);
    return mayMount && works((at) => mountImage(image, at));
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
})();

/** Needs a loop device, mkfs.ext4 and perl. */
export const itMountsExt4 = mayLoop ? it : it.skip;

/** A small disk with ext4. */
export const onExt4 = async (use: (disk: Ext4Disk) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'kahets-ext4-'));
  const [image, path] = [join(folder, 'image'), join(folder, 'disk')];
  await mkdir(path);
  makeImage(image);
  mountImage(image, path);
  try {
    await use({
      path,
      cutPower: () => run('perl', '-e', CUT, path),
      breakDown: async () => {
        const mounted = (await readFile('/proc/self/mounts', 'utf8')).split('\n').find((line) => line.includes(path));
        const device = mounted?.split(' ')[0]?.replace('/dev/', '') ?? '';
        writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, 'broken for a test');
      },
      mountAgain: () => {
        unmount(path);
        mountImage(image, path);
      },
    });
  } finally {
    unmount(path);
    await rm(folder, { recursive: true });
  }
};
