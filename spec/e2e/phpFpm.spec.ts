/** Pages of PHP-FPM behind nginx that send ten messages a request, while the daemon and the broker come and go. */
import { endDaemons, startDaemon, temporaryFolder, type Daemon } from '../support/daemon';
import { describeKafka, freshTopic, kafkaWithBackup, oneBucket, ownBroker } from '../support/endToEnd';
import type { Broker } from '../support/kafka';
import { hasPhpFpm } from '../support/phpFpm';
import {
  askForPages,
  isSafe,
  missingIn,
  PER_REQUEST,
  SEND_MS,
  startPages,
  SYNC_MS,
  type Mode,
  type PageAnswer,
} from '../support/phpPages';
import { createTopic } from '../support/topics';

const QUIET_MODES: readonly Mode[] = ['none', 'bare', 'send'];
const QUIET = 3000;
const WITH_FAULTS = 3000;
/** What a loaded machine may add to the client's limits. */
const SLACK_MS = 500;

const medianUs = (values: readonly number[]): number =>
  1000 * (values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN);
const longest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0);

const awaitAll = async (brokers: string, topic: string, requests: readonly number[]): Promise<void> => {
  const deadline = performance.now() + 30_000;
  let missing = await missingIn(brokers, topic, requests);
  while (missing.length > 0 && performance.now() < deadline) missing = await missingIn(brokers, topic, requests);
  expect(missing).toEqual([]);
};

afterEach(endDaemons);

(hasPhpFpm() ? describeKafka : describe.skip)('pages of PHP-FPM behind nginx', () => {
  let broker: Broker;
  ownBroker((started) => (broker = started));

  it('send without waiting; whatever sync confirms arrives, though daemon and broker come and go', async () => {
    const topic = freshTopic('pages');
    await createTopic(broker.address, topic);
    const { backup, ...stream } = kafkaWithBackup(broker.address) as { readonly backup: object };
    const kafka = { ...stream, backup: { ...backup, replay: true } };
    const folder = await temporaryFolder();
    const start = (): Promise<Daemon> => startDaemon({ folder, buckets: oneBucket(topic, { kafka }) });
    let daemon = await start();
    const host = await startPages(folder, daemon.socket, topic);
    try {
      // In turns, so that all of them meet the same machine.
      const quietMode = (request: number): Mode => QUIET_MODES[request % QUIET_MODES.length] ?? 'none';
      const quiet: PageAnswer[] = [];
      const quietly = { first: 0, count: QUIET, modeOf: quietMode };
      await askForPages(host, quietly, (answer) => quiet.push(answer));
      const quietOf = (mode: Mode): readonly PageAnswer[] => quiet.filter(({ request }) => quietMode(request) === mode);
      expect([...quietOf('bare'), ...quietOf('send')].filter(({ sent }) => sent !== true)).toEqual([]);
      const sendingRequests = [...quietOf('bare'), ...quietOf('send')].map(({ request }) => request);
      await awaitAll(broker.address, topic, sendingRequests);

      const restart = async (): Promise<void> => {
        await daemon.stop();
        daemon = await start();
      };
      // Pages are asked for while each of them happens, and behind it.
      const changes = [() => broker.stop('SIGKILL'), restart, () => broker.start()];
      const answers: PageAnswer[] = [];
      for (const change of changes.flatMap((happens) => [happens, () => Promise.resolve()])) {
        const modeOf = (request: number): Mode => (request % 5 === 0 ? 'sync' : 'send');
        const asked = { first: QUIET + answers.length, count: WITH_FAULTS / 6, modeOf };
        const part = askForPages(host, asked, (answer) => answers.push(answer));
        await change();
        await part;
      }

      const safe = answers.filter(isSafe);
      expect(safe.length).toBeGreaterThan(0.5 * answers.filter(({ status }) => status !== null).length);
      const safeRequests = safe.map(({ request }) => request);
      await awaitAll(broker.address, topic, safeRequests);
      expect(longest(answers.map(({ ms }) => ms))).toBeLessThan(SEND_MS + SLACK_MS);
      expect(longest(answers.map(({ syncMs = 0 }) => syncMs))).toBeLessThan(SEND_MS + SYNC_MS + SLACK_MS);
      const added = (mode: Mode): string =>
        (medianUs(quietOf(mode).map(({ ms }) => ms)) - medianUs(quietOf('none').map(({ ms }) => ms))).toFixed(0);
      console.log(
        `A page of ${PER_REQUEST} messages: ${added('send')} µs added in the median, ${added('bare')} by a bare write, ${longest(answers.map(({ ms }) => ms)).toFixed(1)} ms at most; ${safe.length} syncs confirmed, ${answers.filter(({ sent }) => sent === false).length} pages told that not all was sent`,
      );
    } finally {
      await host.stop();
    }
  }, 180_000);
});
