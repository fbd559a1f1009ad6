import type { Env } from '../../model';
import type { Fsync } from './durability';
import type { Form } from './keeping';
import type { Opener } from './opener';
import type { FileSlots } from './slots';

export interface BucketFileSettings {
  /** Bytes. */
  readonly sizeRotate: number;
  /** Milliseconds. Undefined: a file is closed by its size alone. */
  readonly ageRotate: number | undefined;
  readonly fsync: Fsync;
  readonly fsyncIntervalMs: number;
}

export interface BucketFileParts {
  readonly opener: Opener;
  readonly form: Form;
  readonly slots: FileSlots;
  readonly settings: BucketFileSettings;
  /** Told after every attempt; nothing as cause: it went well. */
  readonly attempted: (cause?: string) => void;
  readonly env: Env;
}
