/** Pages of PHP-FPM behind nginx that send ten messages a request, while the daemon and the broker come and go. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { endDaemons, startDaemon, temporaryFolder, type Daemon } from '../support/daemon';
import { describeKafka, freshTopic, kafkaWithBackup, oneBucket, ownBroker, ROOT } from '../support/endToEnd';
import type { Broker } from '../support/kafka';
import { readTopic } from '../support/kcat';
import { hasPhpFpm, startWebHost, type WebHost } from '../support/phpFpm';
import { createTopic } from '../support/topics';

const WORKERS = 50;
const PER_REQUEST = 10;
const QUIET = 1000;
const WITH_FAULTS = 3000;
/** The limits of the client, and what a loaded machine may add. */
const SEND_MS = 100;
const SYNC_MS = 2000;
const SLACK_MS = 500;

const page = (socket: string, topic: string): string => `<?php
spl_autoload_register(static function (string $name): void {
    require ${JSON.stringify(path.join(ROOT, 'clients/php/src'))} . '/' . strtr(substr($name, 7), '\\\\', '/') . '.php';
});
$began = hrtime(true);
$answer = ['sent' => null, 'status' => null];
if ($_GET['mode'] !== 'none') {
    $producer = new Kahets\\Producer(new Kahets\\Options(socket: ${JSON.stringify(socket)}));
    $sent = true;
    for ($i = 0; $i < ${PER_REQUEST}; ++$i) {
        $n = $_GET['r'] * ${PER_REQUEST} + $i;
        $sent = $producer->send(${JSON.stringify(topic)}, "n=$n " . str_repeat('x', 200), "key-$n") && $sent;
    }
    $answer['sent'] = $producer->flush() && $sent;
}
$answer['ms'] = (hrtime(true) - $began) / 1e6;
if ($_GET['mode'] === 'sync') {
    $answer['status'] = $producer->sync(${SYNC_MS})->status->value;
    $answer['syncMs'] = (hrtime(true) - $began) / 1e6;
}
echo json_encode($answer);
`;

interface Answer {
  readonly request: number;
  readonly sent: boolean | null;
  readonly status: string | null;
  readonly ms: number;
  readonly syncMs?: number;
}

type Mode = 'none' | 'send' | 'sync';

/** Asks for pages, as many at once as there are workers. */
const load = async (
  host: WebHost,
  first: number,
  count: number,
  modeOf: (request: number) => Mode,
): Promise<readonly Answer[]> => {
  const answers: Answer[] = [];
  let next = first;
  const work = async (): Promise<void> => {
    while (next < first + count) {
      const request = next++;
      const body = await host.ask(`r=${request}&mode=${modeOf(request)}`);
      answers.push({ request, ...(JSON.parse(body) as Omit<Answer, 'request'>) });
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return answers;
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
const longest = (values: readonly number[]): number => Math.max(0, ...values);

const numbersIn = async (brokers: string, topic: string): Promise<ReadonlySet<number>> => {
  const found = new Set<number>();
  await readTopic(brokers, topic, ({ value }) => found.add(Number(/^n=(\d+) /.exec(value?.toString() ?? '')?.[1])));
  return found;
};

const messagesOf = (answers: readonly Answer[]): readonly number[] =>
  answers.flatMap(({ request }) => Array.from({ length: PER_REQUEST }, (_, i) => request * PER_REQUEST + i));

/** Waits until all of these are in the topic. */
const awaitAll = async (brokers: string, topic: string, wanted: readonly number[]): Promise<void> => {
  const deadline = performance.now() + 30_000;
  let missing = wanted;
  while (missing.length > 0 && performance.now() < deadline) {
    const found = await numbersIn(brokers, topic);
    missing = wanted.filter((n) => !found.has(n));
  }
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
    const file = path.join(folder, 'page.php');
    await writeFile(file, page(daemon.socket, topic));
    const host = await startWebHost(folder, file, WORKERS);
    try {
      const without = await load(host, 0, QUIET, () => 'none');
      const quiet = await load(host, 0, QUIET, () => 'send');
      expect(quiet.filter(({ sent }) => sent !== true)).toEqual([]);
      await awaitAll(broker.address, topic, messagesOf(quiet));

      const restart = async (): Promise<void> => {
        await daemon.stop();
        daemon = await start();
      };
      // Pages are asked for while each of them happens, and behind it.
      const changes = [() => broker.stop('SIGKILL'), restart, () => broker.start()];
      const answers: Answer[] = [];
      for (const change of changes.flatMap((happens) => [happens, () => Promise.resolve()])) {
        const part = load(host, QUIET + answers.length, WITH_FAULTS / 6, (n) => (n % 5 === 0 ? 'sync' : 'send'));
        await change();
        answers.push(...(await part));
      }

      const safe = answers.filter(({ status }) => status === 'delivered' || status === 'backed_up');
      expect(safe.length).toBeGreaterThan(0.5 * answers.filter(({ status }) => status !== null).length);
      await awaitAll(broker.address, topic, messagesOf(safe));
      expect(longest(answers.map(({ ms }) => ms))).toBeLessThan(SEND_MS + SLACK_MS);
      expect(longest(answers.map(({ syncMs = 0 }) => syncMs))).toBeLessThan(SEND_MS + SYNC_MS + SLACK_MS);
      const added = 1000 * (median(quiet.map(({ ms }) => ms)) - median(without.map(({ ms }) => ms)));
      console.log(
        `A page of ${PER_REQUEST} messages: ${added.toFixed(0)} µs added in the median, ${longest(answers.map(({ ms }) => ms)).toFixed(1)} ms at most; ${safe.length} syncs confirmed, ${answers.filter(({ sent }) => sent === false).length} pages told that not all was sent`,
      );
    } finally {
      await host.stop();
    }
  }, 180_000);
});
