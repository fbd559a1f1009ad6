import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { startReceiver } from './receiver';
import { KAHETS, runDaemon } from './runDaemon';

jest.setTimeout(60_000);

const ways = {
  'src/main.ts': { command: [path.resolve(__dirname, '../src/main.js')], type: 'webhook' },
  'kahets start': { command: [KAHETS, 'start'], type: './dist/src/webhook.js' },
};

const filesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);

describe.each(Object.entries(ways))('the webhook, run by %s', (_, way) => {
  it('delivers, backs up while the receiver is away, sends that on when it is back, and keeps what is refused', async () => {
    const receiver = await startReceiver();
    const { folder, producer, stop } = runDaemon('webhook', way, {
      WEBHOOK_URL: receiver.url,
      WEBHOOK_TOKEN: 's3cret',
    });
    const send = async (...messages: readonly string[]): Promise<string> => {
      for (const message of messages) await producer.send('orders', message);
      return (await producer.sync(20_000)).status;
    };

    const before = await send('1', '2');
    expect([before, receiver.stored('orders')]).toEqual(['delivered', ['1', '2']]);
    expect(receiver.requests[0]?.headers).toMatchObject({ authorization: 'Bearer s3cret' });

    await receiver.stop();
    expect(await send('3', '4')).toBe('backed_up');
    await receiver.start();
    await receiver.has('orders', 4);
    expect(receiver.stored('orders')).toEqual(['1', '2', '3', '4']);

    receiver.answering = ({ body }, answer) => void answer.writeHead(body.includes('bad') ? 422 : 204).end();
    expect(await send('5', 'bad')).toBe('backed_up');
    const refused = path.join(folder, 'data/refused');
    const kept = filesIn(refused).map((name) => readFileSync(path.join(refused, name), 'latin1'));

    const { code, output } = await stop();
    await receiver.stop();
    expect(kept).toEqual([expect.stringMatching(/orders.*bad$/s)]);
    expect(code).toBe(0);
    expect(output).not.toContain('s3cret');
  });
});
