import { firstValueFrom, lastValueFrom, NEVER } from 'rxjs';
import { blackhole } from '../../src/sinks/blackhole';
import { batchOf, memoryLog, testEnv } from '../../src/testing/builders';
import { describeSink } from '../../src/testing/describeSink';
import { openSink } from '../../src/testing/openSink';

describeSink('blackhole', { open: async () => ({ sink: await openSink(blackhole, {}) }) });

describe('blackhole', () => {
  it('says at the end what it took', async () => {
    const log = memoryLog();
    const sink = await openSink(blackhole, {}, testEnv({ log, name: 'nowhere' }));
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
