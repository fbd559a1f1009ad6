/** Jest's global tear-down of the end-to-end tests: ends the broker and removes the folder that the set-up made. */
import { removeRunFolder } from './runFolder';

export default async (): Promise<void> => {
  await globalThis.kahetsBroker?.remove();
  await removeRunFolder();
};
