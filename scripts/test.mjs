/** `npm test`: everything, on the built daemon and a real Kafka. */
import { install } from './setUp.mjs';
import * as steps from './steps.mjs';

install();
await steps.runSteps([steps.unit, steps.build, steps.endToEnd], steps.allChecks);
