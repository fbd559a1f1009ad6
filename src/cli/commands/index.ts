import type { AddCommand } from '../command';
import { addCat } from './cat';
import { addCheck } from './check';
import { addCompletion } from './completion';
import { addInit } from './init';
import { addReload } from './reload';
import { addReplay } from './replay';
import { addSchema } from './schema';
import { addSend } from './send';
import { addStart } from './start';
import { addStatus } from './status';
import { addTail } from './tail';
import { addTop } from './top';

/** Every command, in the order of the help. */
export const commands: readonly AddCommand[] = [
  addStart,
  addCheck,
  addSend,
  addCat,
  addReplay,
  addStatus,
  addTop,
  addTail,
  addReload,
  addInit,
  addSchema,
  addCompletion,
];
