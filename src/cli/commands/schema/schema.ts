import { bucketsSchema } from '../../../config/schema';
import { sinks } from '../../../sinks';
import type { CommandHost } from '../../command';
import { EX } from '../../exitCodes';

/** Runs `kahets schema`; returns its exit code. */
export const schema = ({ out }: Pick<CommandHost, 'out'>): number => {
  out(`${JSON.stringify(bucketsSchema(sinks), null, 2)}\n`);
  return EX.OK;
};
