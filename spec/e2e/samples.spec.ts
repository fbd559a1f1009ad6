import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { endDaemons, startDaemon } from '../support/daemon';
import { finalLedger, ROOT, rowOf } from '../support/endToEnd';
import { addFiles, Arrivals, NO_FAULTS, numberedFrame } from '../support/numbered';
import { send } from '../support/client';

const MESSAGES = 500;

const frames = (bucket: string): Buffer =>
  Buffer.concat(Array.from({ length: MESSAGES }, (_, n) => numberedFrame(bucket, n)));

const expectAll = async (folder: string): Promise<void> => {
  const arrivals = new Arrivals(MESSAGES);
  await addFiles(arrivals, folder);
  expect(arrivals.faults()).toEqual(NO_FAULTS);
};

afterEach(endDaemons);

describe('a sample configuration', () => {
  it("of kahego's own documentation starts as it stands; without its brokers messages go to the backup", async () => {
    const sample = await readFile(path.join(__dirname, '../vectors/kahego-buckets.txt'), 'utf8');
    const daemon = await startDaemon({ buckets: sample });
    // Its files lie in /tmp and /backup: nothing is sent to them.
    const ended = await daemon.stop();
    expect(ended.code).toBe(0);
    finalLedger(ended);

    const moved = sample.replace('"/tmp/"', '"./tmp"').replace('"/backup/"', '"./backup"');
    const second = await startDaemon({ buckets: moved });
    await send(second.socket, frames('requests'), frames('other'));
    const secondEnded = await second.stop();
    expect(secondEnded.code).toBe(0);
    const ledger = finalLedger(secondEnded);
    expect(rowOf(ledger, 'requests', 'kafka_01')).toMatchObject({ received: MESSAGES, backedUp: MESSAGES });
    expect(rowOf(ledger, 'requests', 'file_copy')).toMatchObject({ received: MESSAGES, delivered: MESSAGES });
    expect(rowOf(ledger, 'other', 'kafka_01')).toMatchObject({ received: MESSAGES, backedUp: MESSAGES });
    await expectAll(path.join(second.folder, 'backup/requests'));
    await expectAll(path.join(second.folder, 'tmp/requests'));
    await expectAll(path.join(second.folder, 'tmp/other'));
  }, 60_000);

  it('of ours works with no broker', async () => {
    const sample = await readFile(path.join(ROOT, 'buckets.json'), 'utf8');
    const daemon = await startDaemon({ buckets: sample.replace('127.0.0.1:9092', '127.0.0.1:9') });
    await send(daemon.socket, frames('requests'), frames('other'));
    const ended = await daemon.stop();
    expect(ended.code).toBe(0);
    const ledger = finalLedger(ended);
    expect(rowOf(ledger, 'requests', 'kafka_01')).toMatchObject({ received: MESSAGES, backedUp: MESSAGES });
    expect(rowOf(ledger, 'other', 'kafka_01')).toMatchObject({ received: MESSAGES, backedUp: MESSAGES });
    await expectAll(path.join(daemon.folder, 'data/copy/requests'));
    await expectAll(path.join(daemon.folder, 'data/backup/requests'));
    await expectAll(path.join(daemon.folder, 'data/backup/other'));
  }, 60_000);
});
