import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { unless } from '../../wire/systemErrors';
import { makeRoot } from './folders';

/** Linux: a file that never has a name, so that nobody sees it and nothing has to be removed. Node has no name for it. */
const UNNAMED = 0o20000000 | constants.O_DIRECTORY | constants.O_RDWR;
const NO_UNNAMED: ReadonlySet<string> = new Set(['EISDIR', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP']);
const PROBE_BYTES = 64 * 1024;

/** Rejects with what keeps files below `path` from being written. Where files need a name, it says nothing: a batch will tell. */
export const probe = async (path: string): Promise<void> => {
  const handle = await unless(NO_UNNAMED, open(await makeRoot(path), UNNAMED, 0o600));
  if (!handle) return;
  try {
    await handle.writeFile(Buffer.alloc(PROBE_BYTES));
    await handle.datasync();
  } finally {
    await handle.close();
  }
};
