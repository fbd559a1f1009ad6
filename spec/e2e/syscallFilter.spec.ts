/** Whether the daemon gets along with the system calls that the unit allows, without systemd: what it calls is watched. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { encodeFrame } from '../../src/wire/frame';
import { openClient } from '../support/client';
import { endDaemons, MAIN, startDaemon, temporaryFolder } from '../support/daemon';
import { brokers, describeKafka, freshTopic, kafkaWithBackup, ROOT } from '../support/endToEnd';
import { mayTrace } from '../support/strace';
import { ask, describeWith } from '../packaging/tools';
import { parseUnit, valuesOf } from '../packaging/unitFile';

const unit = parseUnit(readFileSync(path.join(ROOT, 'packaging/systemd/kahets.service'), 'utf8'));

/** The calls of a set of systemd, with those of the sets in it. */
const callsOf = (name: string): readonly string[] =>
  name.startsWith('@')
    ? ask('systemd-analyze', ['syscall-filter', '--no-pager', name])
        .output.split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '' && line !== name && !line.startsWith('#'))
        .flatMap(callsOf)
    : [name];

const allowed = (): ReadonlySet<string> => {
  const filters = valuesOf(unit, 'SystemCallFilter');
  const calls = (wanted: boolean): readonly string[] =>
    filters
      .filter((filter) => filter.startsWith('~') !== wanted)
      .flatMap((filter) => filter.replace('~', '').split(' '))
      .flatMap(callsOf);
  // What starts the program is always allowed.
  const all = new Set([...callsOf('@default'), ...calls(true)]);
  for (const call of calls(false)) all.delete(call);
  return all;
};

const itTraces = mayTrace() ? it : it.skip;

afterEach(endDaemons);

describeWith('systemd-analyze')('the unit’s SystemCallFilter', () => {
  describeKafka('from start to stop, with Kafka, a stream that fails over, and a journal', () => {
    itTraces('lets all calls pass', async () => {
      const folder = await temporaryFolder();
      const trace = path.join(folder, 'trace');
      const [topic, lost] = [freshTopic('calls'), freshTopic('lost')];
      const daemon = await startDaemon({
        folder,
        env: { SOCKET_MODE: '0660', SPOOL: './spool' },
        buckets: {
          streamsConfigs: {
            live: kafkaWithBackup(brokers()),
            dead: {
              type: 'kafka',
              settings: { 'bootstrap.servers': 'no-such-host.invalid:9092' },
              backup: { type: 'file', settings: { path: './dead', fsync: 'batch' }, replay: true },
            },
          },
          buckets: [
            { id: topic, streams: ['live'], durability: 'journal' },
            { id: lost, streams: ['dead'] },
          ],
        },
        command: ['strace', '-D', '-f', '-qq', '-e', 'signal=none', '-o', trace, process.execPath, MAIN, 'start'],
      });
      const client = await openClient(daemon.socket);
      await client.write(Buffer.concat([topic, lost].map((bucket) => encodeFrame(bucket, 'a message'))));
      await client.end();
      await daemon.waitForLog(({ msg }) => msg === 'stream open: messages go to the backup');
      const { code } = await daemon.stop();
      expect(code).toBe(0);

      const lines = (await readFile(trace, 'utf8')).split('\n');
      const called = new Set(lines.flatMap((line) => /^\d+ +(\w+)\(/.exec(line)?.[1] ?? []));
      expect(called).toContain('sendto');
      const may = allowed();
      expect([...called].filter((call) => !may.has(call))).toEqual([]);
    });
  });
});
