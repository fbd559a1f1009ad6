/** `npm run check`: what needs no Kafka and no build. */
import { install } from './setUp.mjs';
import * as steps from './steps.mjs';

install();
await steps.runSteps([steps.unit], steps.fastChecks);
