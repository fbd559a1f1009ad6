import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as E from 'fp-ts/Either';
import { connect } from '../../src/client/connect';
import { endDaemons, MAIN, startDaemon, temporaryFolder, type Ended } from '../support/daemon';
import { addTopic, brokers, describeKafka, finalLedger, freshTopic, rowOf } from '../support/endToEnd';
import { findNode, MAJORS } from '../support/nodes';
import { Arrivals, NO_FAULTS, numberedFrame } from '../support/numbered';
import { createTopic } from '../support/topics';

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const MESSAGES = 2000;

jest.setTimeout(60_000);

/** Lines of standard error, and lines of the log that are worse than information. */
const complaints = ({ output }: Ended): readonly string[] =>
  output.split('\n').filter((line) => line !== '' && !/^\{"level":"(TRACE|DEBUG|INFO)"/.test(line));

/** What a spec that cannot run does: it fails where everything is expected to be there, else it is counted as skipped. */
const unavailable = (name: string, why: string): void => {
  if (process.env['CI'] === 'true')
    it(name, () => {
      throw new Error(why);
    });
  else {
    console.warn(`Left out: ${name}, since ${why}`);
    it.skip(name, () => undefined);
  }
};

describeKafka('the built daemon', () => {
  afterEach(endDaemons);

  // Where there is no Kafka, nothing is fetched either.
  for (const major of brokers() === '' ? [] : MAJORS) {
    const name = `runs on Node ${major}: every codec, an operator that is an ES module, answers to syncs, no warning`;
    const node = findNode(major);
    if (E.isLeft(node)) unavailable(name, node.left);
    else
      it(name, async () => {
        const topics = CODECS.map((codec) => ({ codec, topic: freshTopic(codec) }));
        for (const { topic } of topics) await createTopic(brokers(), topic);
        const streamsConfigs = Object.fromEntries(
          topics.map(({ codec }) => [
            codec,
            { type: 'kafka', settings: { 'bootstrap.servers': brokers(), 'compression.codec': codec } },
          ]),
        );
        const folder = await temporaryFolder();
        await writeFile(path.join(folder, 'same.mjs'), 'export default (message) => ({ ...message });');
        const buckets = topics.map(({ codec, topic }) => ({
          id: topic,
          streams: [codec],
          batch: 500,
          batchTimeout: 100,
          operators: ['./same.mjs'],
        }));
        const daemon = await startDaemon({
          folder,
          buckets: { streamsConfigs, buckets },
          command: [node.right, '--trace-warnings', MAIN, 'start'],
        });
        const client = await connect(daemon.socket);
        for (const { topic } of topics) {
          await client.write(Buffer.concat(Array.from({ length: MESSAGES }, (_, n) => numberedFrame(topic, n))));
          expect(await client.sync()).toMatchObject({ status: 0, messages: MESSAGES });
        }
        await client.end();
        const ended = await daemon.stop();

        expect(ended.code).toBe(0);
        expect(complaints(ended)).toEqual([]);
        const rows = finalLedger(ended);
        for (const { codec, topic } of topics) {
          expect(rowOf(rows, topic, codec)).toMatchObject({ received: MESSAGES, delivered: MESSAGES });
          const arrivals = new Arrivals(MESSAGES);
          await addTopic(arrivals, brokers(), topic);
          expect(arrivals.faults()).toEqual(NO_FAULTS);
        }
      });
  }
});
