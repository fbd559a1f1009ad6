import type { AddCommand } from '../command';
import { addCat } from './cat';
import { addCheck } from './check';
import { addCompletion } from './completion';
import { addInit } from './init';
import { addSend } from './send';

/** Every command but `start` and `replay`, in the order of the help. */
export const commands: readonly AddCommand[] = [addCheck, addSend, addCat, addInit, addCompletion];
