import * as E from 'fp-ts/Either';
import { parseTemplate, patternOf, withSuffix } from '../../../src/sinks/file/template';

const parsed = (text: string) => {
  const template = parseTemplate(text);
  if (E.isLeft(template)) throw new Error(template.left.join('; '));
  return template.right;
};

describe('parseTemplate', () => {
  it('takes the seed’s templates', () => {
    expect(parsed('{bucket}/{ts}.bckstm')).toEqual(parsed('{bucket}{PS}{ts}.bckstm'));
    expect(parsed('{bucket}{PS}{hostname}-{ts}.bckstm')).toEqual({
      folders: [[{ kind: 'bucket' }]],
      stem: [{ kind: 'hostname' }, { kind: 'literal', text: '-' }, { kind: 'ts' }],
      extension: '.bckstm',
    });
  });

  it.each([
    ['all.log', 'all', '.log'],
    ['all', 'all', ''],
    ['.hidden', '.hidden', ''],
    ['a.b.c', 'a.b', '.c'],
  ])('%s has the stem %s and the extension %j', (text, stem, extension) => {
    expect(parsed(text)).toEqual({ folders: [], stem: [{ kind: 'literal', text: stem }], extension });
  });

  it('takes no dot of a bucket for an extension', () => {
    expect(parsed('x.{bucket}')).toMatchObject({ extension: '' });
    expect(parsed('{bucket}.log')).toEqual({ folders: [], stem: [{ kind: 'bucket' }], extension: '.log' });
  });

  it('takes lone braces as they are', () => {
    expect(parsed('a{b')).toMatchObject({ stem: [{ kind: 'literal', text: 'a{b' }] });
  });

  it('says everything that is wrong', () => {
    expect(E.isLeft(parseTemplate('/../{x}{y}'))).toBe(true);
    expect(parseTemplate('/../{x}{y}')).toMatchObject({ left: { length: 4 } });
  });

  it.each([
    ['{bucket}{rand}/{ts}.log', '*/*.log'],
    ['{bucket}-{ts}', '*-*'],
    ['all', 'all'],
  ])('the pattern of %s is %s', (text, pattern) => expect(patternOf(parsed(text))).toBe(pattern));
});

describe('withSuffix', () => {
  it.each(['{bucket}', '{bucket}/{ts}.log', 'all', 'all.log', '{hostname}.{rand}', '.hidden', '{bucket}.{ts}.'])(
    '%s: as a template that has it',
    (text) => {
      const longer = withSuffix(parsed(text), '.dead');
      const written = parsed(`${text}.dead`);
      expect(longer && patternOf(longer)).toBe(patternOf(written));
      expect(longer?.extension).toBe('.dead');
    },
  );

  it('has no name that would be too long', () => {
    expect(withSuffix(parsed('x'.repeat(234)), '.dead')).toBeDefined();
    expect(withSuffix(parsed('x'.repeat(235)), '.dead')).toBeUndefined();
  });
});
