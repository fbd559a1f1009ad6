import { arch, platform } from 'node:os';
import * as TE from 'fp-ts/TaskEither';
import type { CodecName } from '../settings';
import type { Codec } from './codec';
import { gzipCodec } from './gzip';
import { loadLz4 } from './lz4';
import { loadSnappy } from './snappy';
import { loadZstd } from './zstd';

/** Codecs that live in a native package. */
type Native = Exclude<CodecName, 'none' | 'gzip'>;

const PACKAGES: Readonly<Record<Native, string>> = { snappy: 'snappy', lz4: 'lz4-napi', zstd: '@mongodb-js/zstd' };
const INSTEAD: Readonly<Record<Native, string>> = {
  snappy: 'set compression.codec to gzip, which needs no package',
  lz4: 'set compression.codec to gzip, which needs no package',
  zstd: 'use Node 22.15 or later, which has zstd of its own, or set compression.codec to gzip, which needs no package',
};

/** The packages' own messages go on for paragraphs. */
const firstSentence = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split(/\n|\. /, 1)[0] ?? '';

const missing =
  (name: Native) =>
  (error: unknown): string =>
    `compression.codec ${name} needs the package ${PACKAGES[name]} with its binary for ${platform()} ${arch()}, which cannot be loaded (${firstSentence(error)}): ` +
    `install it with its optional packages on a machine of this kind, or ${INSTEAD[name]}`;

const load = (name: Native, level: number): Promise<Codec> =>
  name === 'snappy' ? loadSnappy() : name === 'lz4' ? loadLz4() : loadZstd(level);

/**
 * Makes a codec ready. Its package is looked for now and not before, so that only who uses a codec needs it; where it is
 * missing, the text says which and what to do. `level`: -1 for the codec's default.
 */
export const loadCodec = (name: Exclude<CodecName, 'none'>, level: number): TE.TaskEither<string, Codec> =>
  name === 'gzip' ? TE.right(gzipCodec(level)) : TE.tryCatch(() => load(name, level), missing(name));
