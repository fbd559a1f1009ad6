import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const handleOf = async (where: string | number): Promise<object> => {
  const server = createServer().listen(where);
  await once(server, 'listening');
  const { _handle: handle } = server as unknown as { readonly _handle: object };
  server.close();
  return handle;
};

/** Hides from now on a method that connections are known by, as a Node might that has it no more; returns what shows it again. */
export const hideHandles = async (): Promise<() => void> => {
  const folder = mkdtempSync(join(tmpdir(), 'kahets-'));
  const handles = await Promise.all([join(folder, 'any.sock'), 0].map(handleOf));
  rmSync(folder, { recursive: true, force: true });
  const prototypes = handles.map((handle) => Object.getPrototypeOf(handle) as object);
  for (const each of prototypes) Object.defineProperty(each, 'useUserBuffer', { value: undefined, configurable: true });
  return () => prototypes.forEach((each) => Reflect.deleteProperty(each, 'useUserBuffer'));
};

export const withUnknownHandles = async (work: () => Promise<void>): Promise<void> => {
  const show = await hideHandles();
  try {
    await work();
  } finally {
    show();
  }
};
