/** The cases around Kafka. */
import type { FaultCase } from '../faultCase';
import { bothDown } from './bothDown';
import { clusters } from './clusters';
import { lines } from './lines';
import { linkDown } from './linkDown';
import { outages } from './outages';
import { pages } from './pages';
import { soak } from './soak';
import { topics } from './topics';

export const kafkaCases: readonly FaultCase[] = [
  ...outages,
  ...lines,
  linkDown,
  ...clusters,
  ...topics,
  ...bothDown,
  soak,
  pages,
];
