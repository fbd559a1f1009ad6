import { hideIn, secretsOf, showProblems, withoutNames } from '../../src/config/secrets';

const hide = (...texts: readonly string[]): ((text: string) => string) =>
  hideIn(new Map(texts.map((text) => [text, '***'])));

describe('hideIn', () => {
  it('leaves texts alone where there is no secret', () => expect(hide()('anything ***')).toBe('anything ***'));

  it.each([
    ['hunter2', 'hunter2', '***'],
    ['hunter2', 'password hunter2, hunter22', 'password ***, ***2'],
    ['a.b*c\\', 'a.b*c\\ aXbbc', '*** aXbbc'],
    ['qu"o\nte', 'in JSON: "qu\\"o\\nte"', 'in JSON: "***"'],
    ['p@ss/word', 'https://user:p%40ss%2Fword@host', 'https://user:***@host'],
    [' hunter2 ', 'hunter2', '***'],
    ['abc', 'abc, "abc" abcd', '***, "***" abcd'],
    ['\ud800abc', 'a \ud800abc', 'a ***'],
  ])('of %j hides in %j', (secret, text, expected) => expect(hide(secret)(text)).toBe(expected));

  it('hides the longer of two first, and nothing that it has put there', () => {
    expect(hide('hunter', 'hunter2hunter')('hunter2hunter hunter')).toBe('*** ***');
    expect(
      hideIn(
        new Map([
          ['PASSWORD', '***'],
          ['hunter2', '${PASSWORD}'],
        ]),
      )('hunter2'),
    ).toBe('${PASSWORD}');
  });
});

describe('secretsOf', () => {
  const places = [{ path: 'x', names: ['HOST', 'TINY', 'PASSWORD'] }];
  const variables = { HOST: 'kafka1:9092', TINY: 'abc', PASSWORD: 'hunter2', OTHER: 'not named' };

  it('are what variables hold, from four characters on, and what stands under the name of a secret', () =>
    expect(
      secretsOf(
        [
          {
            emptyKey: 'empty',
            settings: {
              'sasl.password': 'in clear',
              'ssl.key.password': 1234,
              'ssl.key.location': '/key',
              acks: 'all',
            },
            backup: { settings: { apiKey: 'k', tokens: ['t1', 't2', ''], credentials: { user: 'me' } } },
          },
        ],
        places,
        variables,
      ),
    ).toEqual(
      new Map([
        ...['in clear', '1234', 'k', 't1', 't2', 'me'].map((text) => [text, '***'] as const),
        ['kafka1:9092', '${HOST}'],
        ['hunter2', '${PASSWORD}'],
      ]),
    ));

  it('lose their names', () =>
    expect(withoutNames(new Map([['hunter2', '${PASSWORD}']]))).toEqual(new Map([['hunter2', '***']])));
});

describe('showProblems', () => {
  const places = [
    { path: 'streamsConfigs.a.Settings.Port', names: ['PORT'] },
    { path: 'streamsConfigs.a.settings.url', names: ['USER', 'PASSWORD'] },
    { path: 'streamsConfigs.a.settings.gone', names: ['GONE'] },
  ];
  const broken = [{ path: 'streamsConfigs.a.settings.gone', expected: 'the variable GONE to be set', got: 'none' }];
  const show = showProblems(places, broken, new Map([['hunter2', '${PASSWORD}']]));

  it('names variables for what was found in their place, whatever was, in any case of the keys', () =>
    expect(
      show([
        { path: 'streamsConfigs.a.settings.port', expected: 'a number', got: '7' },
        { path: 'streamsConfigs.a.settings.url', expected: 'a URL', got: '"me:hunter2…"' },
      ]),
    ).toEqual([
      { path: 'streamsConfigs.a.settings.port', expected: 'a number', got: '${PORT}' },
      { path: 'streamsConfigs.a.settings.url', expected: 'a URL', got: '${USER}${PASSWORD}' },
    ]));

  it('hides secrets elsewhere', () =>
    expect(show([{ path: 'b', expected: 'not hunter2', got: '/data/hunter2' }])).toEqual([
      { path: 'b', expected: 'not ${PASSWORD}', got: '/data/${PASSWORD}' },
    ]));

  it('says nothing more where a variable is missing', () =>
    expect(show([{ path: 'streamsConfigs.a.settings.gone', expected: 'a number', got: '"${GONE}"' }])).toEqual([]));
});
