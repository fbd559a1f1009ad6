/** `npm test`: everything, on the built daemon and a real Kafka. */
import { install } from './setUp.mjs';
import * as steps from './steps.mjs';

install();
steps.runSteps([
  steps.lint,
  steps.format,
  steps.types,
  steps.rules,
  steps.deadExports,
  steps.unit,
  steps.build,
  steps.endToEnd,
]);
