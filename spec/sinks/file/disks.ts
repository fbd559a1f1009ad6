import { mayLoop, mayMount } from '../../support/disks';

export { onExt4, onSmallDisk } from '../../support/disks';

/** A disk of one's own needs the right to mount one. */
export const itMounts = mayMount() ? it : it.skip;

/** Needs a loop device, mkfs.ext4 and perl. */
export const itMountsExt4 = mayLoop() ? it : it.skip;
