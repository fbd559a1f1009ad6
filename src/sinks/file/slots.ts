/** Who holds a file open, and closes it when asked, at once where it does nothing, else after its write. */
export interface Holder {
  readonly park: () => void;
}

/** A bounded number of open files. */
export interface FileSlots {
  /** Resolves when one more may be open. Where all are taken the one that has been idle longest is closed for it. */
  readonly acquire: () => Promise<void>;
  readonly release: () => void;
  /** Whether somebody waits: who holds a file is to close it after its write. */
  readonly wanted: () => boolean;
  readonly idle: (holder: Holder) => void;
  readonly busy: (holder: Holder) => void;
}

export const createFileSlots = (size: number): FileSlots => {
  const waiting: (() => void)[] = [];
  const idle = new Set<Holder>();
  let free = size;

  const parkOne = (): void => {
    const [longest] = idle;
    if (!longest) return;
    idle.delete(longest);
    longest.park();
  };

  return {
    acquire: () => {
      if (free > 0) {
        free -= 1;
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        waiting.push(resolve);
        parkOne();
      });
    },
    release: () => {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    },
    wanted: () => waiting.length > 0,
    idle: (holder) => {
      if (waiting.length > 0) holder.park();
      else idle.add(holder);
    },
    busy: (holder) => {
      idle.delete(holder);
    },
  };
};
