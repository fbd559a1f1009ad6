import { randomInt } from 'node:crypto';
import { CASES } from '../faults/cases';
import { startFaultBroker, type OwnFaultBroker } from '../faults/faultBroker';
import { kafkaCases } from '../faults/kafka';
import { startCase } from '../faults/runCase';
import { KCAT, missingForBroker, missingTools } from '../support/kafka';

const quick = CASES.filter((each) => each.quick);
const mayStartBroker = [...missingTools([KCAT]), ...missingForBroker()].length === 0;

/** Those around Kafka need a broker of their own. */
const itMay = (name: string): jest.It =>
  mayStartBroker || !kafkaCases.some((each) => each.name === name) ? it : it.skip;

describe('the quick cases of the fault suite', () => {
  let starting: Promise<OwnFaultBroker> | undefined;
  const broker = (): Promise<OwnFaultBroker> => (starting ??= startFaultBroker());
  afterAll(async () => {
    await starting?.then(({ node }) => node.remove());
  });

  for (const faultCase of quick)
    itMay(faultCase.name)(
      `${faultCase.name}: ${faultCase.title}`,
      async () => {
        const seed = randomInt(2 ** 31);
        const options = { seed, soakMs: 0, logs: undefined, broker, say: () => undefined };
        const { skipped, violations } = await startCase(faultCase, options).ended;
        if (skipped !== undefined) console.warn(`Left out: ${faultCase.name}, since ${skipped}`);
        expect({ seed, violations }).toEqual({ seed, violations: [] });
      },
      faultCase.limitS * 1000,
    );
});
