import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Synced } from '../../src/model';

interface Named {
  readonly name: string;
}

/** Bytes in hexadecimal; spaces for the eye. docs/protocol.md says more. */
interface SyncFile {
  readonly syncs: readonly (Named & { readonly bytes: string; readonly token: number })[];
  readonly answers: readonly (Named & Synced & { readonly bytes: string })[];
  readonly noAnswers: readonly (Named & { readonly bytes: string })[];
  /** What a daemon with the buckets b and c answers where each message is delivered. */
  readonly conversations: readonly (Named & { readonly sent: string; readonly answers: readonly Synced[] })[];
}

export const { syncs, answers, noAnswers, conversations } = JSON.parse(
  readFileSync(path.join(__dirname, 'syncs.json'), 'utf8'),
) as SyncFile;
