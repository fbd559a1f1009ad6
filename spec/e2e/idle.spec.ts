import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { openClient } from '../support/client';
import { endDaemons, startDaemon } from '../support/daemon';
import { brokers, describeKafka, freshTopic, kafkaWithBackup, oneBucket } from '../support/endToEnd';
import { numberedFrame } from '../support/numbered';
import { awaitMessages, createTopic } from '../support/topics';

jest.setTimeout(30_000);

const MEASURED_MS = 3000;
/** A timer of 1 ms wakes 700 times a second and more; an idle daemon seldom once. */
const MOST_A_SECOND = 50;

/** How often the threads of a process have gone to sleep, each of which a waking follows. */
const sleeps = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`)
    .map((thread) => readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'))
    .reduce((sum, status) => sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]), 0);

const wakeUpsPerSecond = async (pid: number): Promise<number> => {
  const [before, startMs] = [sleeps(pid), Date.now()];
  // Nothing is waited for: it is about the time in which nothing happens.
  await new Promise((resolve) => setTimeout(resolve, MEASURED_MS));
  return ((sleeps(pid) - before) * 1000) / (Date.now() - startMs);
};

const describeLinux = process.platform === 'linux' ? describeKafka : describe.skip;

describeLinux('an idle daemon', () => {
  afterEach(endDaemons);

  it('hardly ever wakes, with its connections to Kafka open', async () => {
    const topic = freshTopic('idle');
    await createTopic(brokers(), topic);
    const daemon = await startDaemon({ buckets: oneBucket(topic, { kafka: kafkaWithBackup(brokers()) }) });
    const client = await openClient(daemon.socket);
    await client.write(Buffer.concat(Array.from({ length: 100 }, (_, n) => numberedFrame(topic, n))));
    expect(await awaitMessages(brokers(), topic, 100)).toBe(100);

    expect(await wakeUpsPerSecond(daemon.pid)).toBeLessThan(MOST_A_SECOND);

    await client.end();
    expect((await daemon.stop()).code).toBe(0);
  });

  it('would be found out if it polled: the measure sees a timer of 1 ms', async () => {
    const polling = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1); console.log("polling")']);
    try {
      await once(polling.stdout, 'data');
      expect(await wakeUpsPerSecond(polling.pid ?? 0)).toBeGreaterThan(2 * MOST_A_SECOND);
    } finally {
      polling.kill('SIGKILL');
    }
  });
});
