import { listAccepted, openAccepted, type AcceptedFile } from './acceptedFiles';
import { createSegments, type Segments, type SegmentsOptions } from './segments';

/** What is on disk of messages that are accepted and, as far as is known, not settled on all of their streams. */
export interface Accepted {
  /** What this process writes ahead. */
  readonly segments: Segments;
  /** Paths of the files that earlier processes have left, the oldest first. */
  readonly list: () => Promise<readonly string[]>;
  readonly open: (path: string) => Promise<AcceptedFile>;
}

/** Makes nothing on disk before something is written. */
export const createAccepted = (options: SegmentsOptions): Accepted => ({
  segments: createSegments(options),
  list: () => listAccepted(options.folder),
  open: openAccepted(options.log),
});
