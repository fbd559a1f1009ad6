/** Disks of a test's own: a small one in memory, and one with ext4 whose power can be cut. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Disk {
  readonly path: string;
  /** Unmounts it, whoever uses it still, and removes what it was made of. */
  readonly remove: () => Promise<void>;
}

export interface Ext4Disk extends Disk {
  /** The computer loses its power: only what is synced stays. Files of it must be closed before `mountAgain`. */
  readonly cutPower: () => void;
  /**
   * The file system finds itself broken, and takes no more writes. Nobody may be syncing meanwhile: Linux may then tell him that all is
   * there, and it is not (docs/decisions/0010).
   */
  readonly breakDown: () => void;
  readonly mountAgain: () => void;
}

const run = (program: string, ...args: readonly string[]): void => {
  execFileSync(program, args, { stdio: 'ignore' });
};
const unmount = (folder: string): void => run('umount', folder);

const unmountAnyway = (folder: string): void => {
  try {
    unmount(folder);
  } catch {
    // A process has still a file of it open: gone from sight now, and by itself with that process.
    run('umount', '--lazy', folder);
  }
};

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

/** Whether a disk can be mounted here, which needs root. */
export const mayMount = (): boolean => works((folder) => mountMemory(folder, 65_536));

/** A disk in memory with room for `bytes`. */
export const openSmallDisk = async (bytes: number): Promise<Disk> => {
  const path = await mkdtemp(join(tmpdir(), 'kahets-disk-'));
  mountMemory(path, bytes);
  return {
    path,
    remove: () => {
      unmountAnyway(path);
      return rm(path, { recursive: true });
    },
  };
};

const IMAGE_BYTES = 16 * 1024 * 1024;
/** EXT4_IOC_SHUTDOWN with NOLOGFLUSH. */
const CUT = 'open F, "<", $ARGV[0] or die; $how = pack("L", 2); ioctl(F, 0x8004587D, $how) or die';

const makeImage = (image: string, bytes: number): void => {
  writeFileSync(image, '');
  truncateSync(image, bytes);
  run('mkfs.ext4', '-q', '-F', image);
};

// Nothing is synced by the system meanwhile.
const mountImage = (image: string, folder: string): void =>
  run('mount', '-o', 'loop,commit=300,errors=remount-ro', image, folder);

/** Whether an image can be mounted as ext4: needs a loop device, mkfs.ext4 and perl. */
export const mayLoop = (): boolean => {
  const folder = mkdtempSync(join(tmpdir(), 'kahets-image-'));
  const image = join(folder, 'image');
  try {
    run('perl', '-e', '1');
    makeImage(image, IMAGE_BYTES);
    return mayMount() && works((at) => mountImage(image, at));
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** A small disk with ext4. */
export const openExt4 = async (bytes = IMAGE_BYTES): Promise<Ext4Disk> => {
  const folder = await mkdtemp(join(tmpdir(), 'kahets-ext4-'));
  const [image, path] = [join(folder, 'image'), join(folder, 'disk')];
  await mkdir(path);
  makeImage(image, bytes);
  mountImage(image, path);
  return {
    path,
    cutPower: () => run('perl', '-e', CUT, path),
    breakDown: () => {
      const mounted = readFileSync('/proc/self/mounts', 'utf8')
        .split('\n')
        .find((line) => line.includes(path));
      const device = mounted?.split(' ')[0]?.replace('/dev/', '') ?? '';
      writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, 'broken for a test');
    },
    mountAgain: () => {
      unmount(path);
      mountImage(image, path);
    },
    remove: () => {
      unmountAnyway(path);
      return rm(folder, { recursive: true });
    },
  };
};

const on = async <D extends Disk>(disk: D, use: (disk: D) => Promise<void>): Promise<void> => {
  try {
    await use(disk);
  } finally {
    await disk.remove();
  }
};

/** `use`s a disk in memory with room for `bytes`. */
export const onSmallDisk = async (bytes: number, use: (folder: string) => Promise<void>): Promise<void> =>
  on(await openSmallDisk(bytes), ({ path }) => use(path));

/** `use`s a small disk with ext4. */
export const onExt4 = async (use: (disk: Ext4Disk) => Promise<void>): Promise<void> => on(await openExt4(), use);
