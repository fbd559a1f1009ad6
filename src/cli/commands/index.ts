import type { AddCommand } from '../command';
import { addCat } from './cat';
import { addCheck } from './check';
import { addCompletion } from './completion';
import { addInit } from './init';
import { addReplay } from './replay';
import { addSend } from './send';
import { addStart } from './start';

/** Every command, in the order of the help. */
export const commands: readonly AddCommand[] = [addStart, addCheck, addSend, addCat, addReplay, addInit, addCompletion];
