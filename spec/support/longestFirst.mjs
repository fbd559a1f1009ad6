/** Jest's order of the spec files, the same on every machine: the longest first, so that no worker is left with one at the end. */
import { statSync } from 'node:fs';
import path from 'node:path';

/** End-to-end specs by the time that they take, from `npx jest --json`; the others follow by size. */
const LONGEST = [
  'cluster',
  'replay',
  'badBroker',
  'journal',
  'memory',
  'stop',
  'faults',
  'kafkaSink',
  'failover',
  'topicTroubles',
  'examples',
  'php',
  'statusPage',
  'compression',
  'deb',
  'crash',
  'security',
  'systemd',
];

const rank = (file) => {
  const name = path.basename(file, '.spec.ts');
  const at = path.basename(path.dirname(file)) === 'e2e' ? LONGEST.indexOf(name) : -1;
  return at < 0 ? LONGEST.length : at;
};

export default class {
  sort(tests) {
    const keyed = [...tests].map((test) => ({ test, rank: rank(test.path), bytes: statSync(test.path).size }));
    return keyed.sort((a, b) => a.rank - b.rank || b.bytes - a.bytes).map(({ test }) => test);
  }

  cacheResults() {
    // The order depends on no earlier run.
  }
}
