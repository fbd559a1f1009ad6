import { bucketsSchema } from '../../../src/config/schema';
import { sinks } from '../../../src/sinks';
import { run } from './harness';

describe('kahets schema', () => {
  it('prints what buckets.json may say', async () => {
    const { code, out, err } = await run(['schema']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.endsWith('}\n')).toBe(true);
    expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(bucketsSchema(sinks))));
  });
});
