import { chargeLater } from '../../../src/sinks/kafka/chargeLater';

const recorder = (): { said: string[]; gain: (bytes: number) => void } => {
  const said: string[] = [];
  const gain = chargeLater({
    charge: (bytes) => void said.push(`charge ${bytes}`),
    release: (bytes) => void said.push(`release ${bytes}`),
  });
  return { said, gain };
};

describe('chargeLater', () => {
  it('charges once what was gained meanwhile, and nothing on the spot', async () => {
    const { said, gain } = recorder();
    gain(5);
    gain(7);
    gain(-2);
    expect(said).toEqual([]);
    await Promise.resolve();
    expect(said).toEqual(['charge 10']);
    gain(-10);
    await Promise.resolve();
    expect(said).toEqual(['charge 10', 'release 10']);
  });

  it('says nothing where nothing has changed', async () => {
    const { said, gain } = recorder();
    gain(0);
    gain(3);
    gain(-3);
    await Promise.resolve();
    expect(said).toEqual([]);
  });
});
