/** Cases that need a disk of their own; skipped where none can be had. */
import { mayLoop, mayMount } from './disks';

const mounts = mayMount();

/** Needs the right to mount a disk. */
export const itMounts = mounts ? it : it.skip;

/** As {@link itMounts}, for all cases of a block. */
export const describeMounts = mounts ? describe : describe.skip;

/** Needs a loop device, mkfs.ext4 and perl. */
export const itMountsExt4 = mayLoop() ? it : it.skip;
