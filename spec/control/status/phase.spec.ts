import { readinessOf } from '../../../src/control/status/phase';

describe('readinessOf', () => {
  it.each([
    ['starting', false, [expect.stringMatching(/^starting: /)]],
    ['listening', false, []],
    ['listening', true, [expect.stringMatching(/^memory is full: /)]],
    ['stopping', false, [expect.stringMatching(/^stopping: /)]],
    ['stopping', true, [expect.stringMatching(/^stopping: /), expect.stringMatching(/^memory is full: /)]],
  ] as const)('%s, memory full: %s', (phase, full, reasons) =>
    expect(readinessOf(phase, full)).toEqual({ phase, ready: reasons.length === 0, reasons }),
  );
});
