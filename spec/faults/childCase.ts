/** A process that runs one case: told by its arguments, asks its parent for the broker, and sends it the result. */
import { CASES } from './cases';
import type { FaultBroker } from './faultBroker';
import type { FaultResult } from './faultCase';
import { startCase } from './runCase';

/** What the process is told, as JSON. */
export interface ChildOptions {
  readonly name: string;
  readonly seed: number;
  readonly soakMs: number;
  readonly logs?: string | undefined;
}

/** What it sends to its parent. */
export type FromChild = { readonly say: string } | { readonly needs: 'broker' } | { readonly result: FaultResult };

const tell = (message: FromChild): void => void process.send?.(message);

const broker = (): Promise<FaultBroker> =>
  new Promise((resolve) => {
    process.once('message', (found) => resolve(found as FaultBroker));
    tell({ needs: 'broker' });
  });

const main = async ({ name, logs, ...options }: ChildOptions): Promise<void> => {
  const faultCase = CASES.find((each) => each.name === name);
  if (!faultCase) throw new Error(`no case ${name}`);
  const { ended, cleanUp } = startCase(faultCase, { ...options, logs, broker, say: (say) => tell({ say }) });
  process.once('SIGTERM', () => void cleanUp().finally(() => process.exit(1)));
  const result = await ended;
  process.send?.({ result } satisfies FromChild, () => process.exit(0));
};

void main(JSON.parse(process.argv[2] ?? '{}') as ChildOptions);
