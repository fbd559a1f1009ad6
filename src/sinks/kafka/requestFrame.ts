import type { Writable } from 'node:stream';
import { ByteWriter } from './byteWriter';
import type { Request } from './requests';

/** Up to here one copy is cheaper than several writes. */
const JOIN_BYTES = 16 * 1024;

/** A request's bytes with its length and header; large payloads stay where they are. */
export const frameRequest = <A>(
  { key, encode }: Request<A>,
  version: number,
  correlationId: number,
  clientId: string,
): readonly Buffer[] => {
  const body = encode();
  const bodyBytes = body.reduce((sum, { length }) => sum + length, 0);
  const headerBytes = 2 + 2 + 4 + 2 + Buffer.byteLength(clientId);
  const header = new ByteWriter()
    .int32(headerBytes + bodyBytes)
    .int16(key)
    .int16(version)
    .int32(correlationId)
    .string(clientId)
    .end();
  const all = [...header, ...body];
  return bodyBytes <= JOIN_BYTES ? [Buffer.concat(all)] : all;
};

/** The highest version that both sides know. */
export const versionOf = <A>(
  { versions: [lowest, highest] }: Request<A>,
  known: { readonly minVersion: number; readonly maxVersion: number } | undefined,
): number | undefined => {
  const version = Math.min(highest, known?.maxVersion ?? -1);
  return known && version >= Math.max(lowest, known.minVersion) ? version : undefined;
};

/** Writes all chunks in one system call; `written` is called when they have left, or could not. */
export const writeAll = (
  socket: Pick<Writable, 'cork' | 'uncork' | 'write'>,
  chunks: readonly Buffer[],
  written?: (error?: Error | null) => void,
): void => {
  socket.cork();
  chunks.forEach((chunk, n) => socket.write(chunk, n === chunks.length - 1 ? written : undefined));
  socket.uncork();
};
