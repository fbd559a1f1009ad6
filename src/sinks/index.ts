import type { SinkKind } from '../model';
import { blackhole } from './blackhole';
import { file } from './file';
import { kafka } from './kafka';

/** The kinds of sink that a stream's `type` can name. Look one up as an own property: names come from the user. */
export const sinks: Readonly<Record<string, SinkKind>> = { kafka, file, blackhole };
