import { listedSockets } from '../../src/sources/listedSockets';

const HEAD = 'Num       RefCount Protocol Flags    Type St Inode Path\n';

describe('listedSockets', () => {
  it.each([
    ['nothing', ''],
    ['the titles alone', HEAD],
  ])('finds none in %s', (_what, text) => {
    expect(listedSockets(text)).toEqual([]);
  });

  it('tells who listens, what kind it is and where it is bound', () => {
    const text = [
      '0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/kahets.sock',
      '0000000096f6082c: 00000003 00000000 00000000 0001 03  1056',
      'ffff9b2a: 00000002 00000000 00000000 0002 01 77 /run/with space\u2028 and ü',
      '0000000000000000: 00000002 00000000 00010000 0005 01 78 @abstract',
      '',
    ].join('\n');
    expect(listedSockets(HEAD + text)).toEqual([
      { inode: '12345', listens: true, isStream: true, path: '/run/kahets.sock' },
      { inode: '1056', listens: false, isStream: true, path: undefined },
      { inode: '77', listens: false, isStream: false, path: '/run/with space\u2028 and ü' },
      { inode: '78', listens: true, isStream: false, path: '@abstract' },
    ]);
  });
});
