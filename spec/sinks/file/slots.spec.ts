import { createFileSlots, type Holder } from '../../../src/sinks/file/slots';

const holder = (park: () => void = () => undefined): Holder => ({ park });

describe('createFileSlots', () => {
  it('gives out its slots, then waits for one', async () => {
    const slots = createFileSlots(1);
    await slots.acquire();
    expect(slots.wanted()).toBe(false);
    const second = slots.acquire();
    expect(slots.wanted()).toBe(true);
    slots.release();
    await second;
    expect(slots.wanted()).toBe(false);
  });

  it('asks the one that has been idle longest', async () => {
    const slots = createFileSlots(2);
    const asked: string[] = [];
    const [older, newer] = ['older', 'newer'].map((name) =>
      holder(() => {
        asked.push(name);
        slots.release();
      }),
    );
    if (!older || !newer) throw new Error('two holders were made');
    await slots.acquire();
    await slots.acquire();
    slots.idle(older);
    slots.idle(newer);
    slots.busy(older);
    slots.idle(older);
    await slots.acquire();
    await slots.acquire();
    expect(asked).toEqual(['newer', 'older']);
  });

  it('asks whoever becomes idle while somebody waits', async () => {
    const slots = createFileSlots(1);
    await slots.acquire();
    const waiting = slots.acquire();
    slots.idle(holder(slots.release));
    await waiting;
  });
});
