import * as E from 'fp-ts/Either';
import fc from 'fast-check';
import { createNames, fileName, numberOf } from '../../../src/sinks/file/names';
import { parseTemplate } from '../../../src/sinks/file/template';

const namesOf = (text: string, { hostname = 'web1', nowMs = 1_700_000_000_999, random = () => 0.5 } = {}) => {
  const template = parseTemplate(text);
  if (E.isLeft(template)) throw new Error(template.left.join('; '));
  return createNames(template.right, { hostname, now: () => nowMs, random });
};

const nameIn = (text: string, bucket: string, parts?: Parameters<typeof namesOf>[1]): string => {
  const place = namesOf(text, parts).place(bucket);
  return [...place.folders, fileName(place, 0)].join('/');
};

const bucketNames = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 255 })
  .filter((text) => Buffer.from(text).toString() === text && Buffer.byteLength(text) <= 255);

describe('names', () => {
  it.each([
    ['{bucket}', 'requests', 'requests'],
    ['{bucket}/{hostname}-{ts}.log', 'a b', 'a%20b/web1-1700000000.log'],
    ['{rand}', 'x', 'ssssssss'],
    ['{bucket}', '../x', '..%2Fx'],
    ['{bucket}', '/', '%2F'],
    ['{bucket}', '\0', '%00'],
    ['{bucket}', '.', '%2E'],
    ['.{bucket}', '.', '.%2E'],
    ['{bucket}{PS}f', '..', '%2E%2E/f'],
    ['{bucket}', '__proto__', '__proto__'],
    ['{bucket}', 'größe', 'gr%C3%B6%C3%9Fe'],
    ['{bucket}', '100%', '100%25'],
  ])('%s makes of the bucket %j the name %s', (template, bucket, name) => {
    expect(nameIn(template, bucket)).toBe(name);
  });

  it('makes the host’s name safe too', () => {
    expect(nameIn('{hostname}', 'x', { hostname: '../h' })).toBe('..%2Fh');
    expect(nameIn('{hostname}', 'x', { hostname: '' })).toBe('localhost');
  });

  it('cuts what is too long for a name, and hashes the whole of it', () => {
    const long = 'é'.repeat(127);
    const name = nameIn('{bucket}-{ts}.log', long);
    expect(name.length).toBeLessThanOrEqual(255);
    expect(name).toMatch(/^(%[0-9A-F]{2})+~[0-9a-f]{32}-1700000000\.log$/);
    expect(name).not.toBe(nameIn('{bucket}-{ts}.log', `${'é'.repeat(126)}è`));
  });

  it.each(['{bucket}', '{bucket}/{ts}', '.{bucket}', '{hostname}.{bucket}-{rand}.log', '{bucket}{bucket}'])(
    '%s: every bucket has a name of its own, one step of a path, of at most 255 bytes with its suffix',
    (template) => {
      fc.assert(
        fc.property(bucketNames, bucketNames, (one, other) => {
          const place = namesOf(template).place(one);
          for (const step of [...place.folders, `${fileName(place, 9_999_999)}.bad-99`]) {
            expect(step).toMatch(/^[A-Za-z0-9._%~-]{1,255}$/);
            expect(['.', '..']).not.toContain(step);
          }
          expect(nameIn(template, one) === nameIn(template, other)).toBe(one === other);
        }),
      );
    },
  );

  it.each(['{bucket}', '{bucket}/{ts}.x', '{rand}+{bucket}.log', '{ts}/{hostname}/{bucket}'])(
    '%s: the patterns of a bucket know all of its names',
    (template) => {
      fc.assert(
        fc.property(bucketNames, fc.nat(9_999_999), (bucket, number) => {
          const names = namesOf(template);
          const place = names.place(bucket);
          const steps = [...place.folders, fileName(place, number)];
          const patterns = names.patterns(bucket);
          expect(patterns).toHaveLength(steps.length);
          for (const [at, { prefix, pattern }] of patterns.entries()) {
            expect(steps[at]).toMatch(pattern);
            expect(steps[at]?.startsWith(prefix)).toBe(true);
          }
        }),
      );
    },
  );

  it('a number is not taken for a time or for random letters', () => {
    const last = (template: string, bucket = 'a') => namesOf(template).patterns(bucket).at(-1)?.pattern;
    expect('a-1700000000').not.toMatch(last('{bucket}') ?? '');
    expect('a-12345678').not.toMatch(last('{bucket}') ?? '');
    expect('a-1').not.toMatch(last('{bucket}-{ts}') ?? '');
    expect('a-1').toMatch(last('{bucket}') ?? '');
    expect('axlog').not.toMatch(last('{bucket}.log') ?? '');
  });

  it('numbers a family before the extension', () => {
    const place = { folders: [], stem: 'a', extension: '.log' };
    expect([0, 1, 12].map((number) => fileName(place, number))).toEqual(['a.log', 'a-1.log', 'a-12.log']);
    expect(
      ['a.log', 'a-12.log', 'a-01.log', 'a-x.log', 'b.log', 'a-1', 'a-99999999.log'].map((name) =>
        numberOf(place, name),
      ),
    ).toEqual([0, 12, undefined, undefined, undefined, undefined, undefined]);
  });

  it('only a template with {bucket} keeps buckets apart', () => {
    expect(namesOf('{bucket}/x').ownerOf('a')).toBe('a');
    expect(namesOf('all').ownerOf('a')).toBeUndefined();
  });
});
