import type { Accepted } from '../../src/spool/accepted';
import type { Segments } from '../../src/spool/segments';

/** A journal that writes nothing, for what is not journaled. */
export const noSegments: Segments = {
  append: () => Promise.resolve(),
  settled: () => undefined,
  close: () => Promise.resolve(),
};

/** A process before which there was none. */
export const nothingAccepted: Accepted = {
  segments: noSegments,
  list: () => Promise.resolve([]),
  open: (path) => Promise.reject(new Error(`${path}: expected nothing to be opened`)),
};
