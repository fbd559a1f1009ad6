/** Jest's global set-up of the end-to-end tests: their folder and the broker that they share, told in the environment. */
import {
  KAFKA_VARIABLE,
  KCAT,
  OPENSSL,
  PHP,
  missingForBroker,
  missingTools,
  startBroker,
  type Broker,
  type Tool,
} from './kafka';
import { quickJavaOptions } from './quickJava';
import { makeRunFolder } from './runFolder';

/** Where {@link stopKafka} finds it: set-up and tear-down share nothing else. */
declare global {
  var kahetsBroker: Broker | undefined;
}

const explain = (missing: readonly Tool[]): string => `
Left out: the end-to-end tests that need Kafka, since these programs are missing: ${missing.map(({ name }) => name).join(', ')}.
On Debian: apt-get install ${missing.map(({ debianPackage }) => debianPackage).join(' ')}
${missing.some(({ name }) => name === 'java' || name === 'mvn') ? 'Or name a broker that runs already: KAFKA_BROKERS=127.0.0.1:9092 npm test' : ''}`;

export default async (): Promise<void> => {
  await makeRunFolder();
  const given = process.env['KAFKA_BROKERS'];
  const missing = [...missingTools([KCAT, OPENSSL, PHP]), ...(given === undefined ? missingForBroker() : [])];
  if (missing.length > 0) {
    if (process.env['CI'] === 'true') throw new Error(explain(missing));
    console.warn(explain(missing));
    return;
  }
  if (missingForBroker().length === 0) process.env['JDK_JAVA_OPTIONS'] = await quickJavaOptions();
  globalThis.kahetsBroker = given === undefined ? await startBroker() : undefined;
  process.env[KAFKA_VARIABLE] = given ?? globalThis.kahetsBroker?.address;
};
