import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Hides from now on a method that connections are known by, as a Node might that has it no more; returns what shows it again. */
export const hideHandles = async (): Promise<() => void> => {
  const folder = mkdtempSync(join(tmpdir(), 'kahets-'));
  const server = createServer().listen(join(folder, 'any.sock'));
  await once(server, 'listening');
  const { _handle: handle } = server as unknown as { readonly _handle: object };
  const prototype = Object.getPrototypeOf(handle) as object;
  server.close();
  rmSync(folder, { recursive: true, force: true });
  Object.defineProperty(prototype, 'useUserBuffer', { value: undefined, configurable: true });
  return () => void Reflect.deleteProperty(prototype, 'useUserBuffer');
};

export const withUnknownHandles = async (work: () => Promise<void>): Promise<void> => {
  const show = await hideHandles();
  try {
    await work();
  } finally {
    show();
  }
};
