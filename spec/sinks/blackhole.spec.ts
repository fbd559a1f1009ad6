import { firstValueFrom, lastValueFrom, NEVER } from 'rxjs';
import { NO_OPTIONS, type Env, type Sink } from '../../src/model';
import { blackhole } from '../../src/sinks/blackhole';
import { batchOf, memoryLog, testEnv } from '../../src/testing/builders';
import { describeSink } from '../../src/testing/describeSink';

const open = async (env: Env): Promise<Sink> => {
  const checked = blackhole({}, 'streamsConfigs.nowhere.settings');
  if (checked._tag === 'Left') throw new Error('a blackhole takes any settings');
  const opened = await checked.right.open(env, NO_OPTIONS)();
  if (opened._tag === 'Left') throw new Error(opened.left.message);
  return opened.right;
};

describeSink('blackhole', { open: async () => ({ sink: await open(testEnv()) }) });

describe('blackhole', () => {
  it('says at the end what it took', async () => {
    const log = memoryLog();
    const sink = await open(testEnv({ log, name: 'nowhere' }));
    const [one, two] = [batchOf('a', ['1', '2']), batchOf('b', ['3'])];
    await lastValueFrom(sink.write(one, NEVER));
    await lastValueFrom(sink.write(two, NEVER));
    expect(await firstValueFrom(sink.health$)).toEqual({ state: 'up' });
    await sink.close();
    expect(log.lines).toEqual([
      {
        level: 'info',
        message: 'blackhole closed',
        fields: { stream: 'nowhere', messages: 3, bytes: one.bytes + two.bytes },
      },
    ]);
  });
});
