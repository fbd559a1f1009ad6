import type * as Model from '../src/model';
import { SinkError } from '../src/model';

describe('SinkError', () => {
  it('is recognised whichever copy of the package has made it', () => {
    let other: typeof Model | undefined;
    jest.isolateModules(() => (other = jest.requireActual<typeof Model>('../src/model')));
    const Other = other?.SinkError;
    expect(Other).not.toBe(SinkError);
    expect(Other && new Other('s', []) instanceof SinkError).toBe(true);
    expect(Other && new SinkError('s', []) instanceof Other).toBe(true);
  });

  it.each([
    ['another error', new Error('no')],
    ['one of its name alone', Object.assign(new Error('no'), { name: 'SinkError' })],
    ['null', null],
    ['undefined', undefined],
    ['a text', 'SinkError'],
  ])('%s is none', (_, value: unknown) => {
    expect(value instanceof SinkError).toBe(false);
  });
});
