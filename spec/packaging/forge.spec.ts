/** What a public forge runs, read. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { MAJORS } from '../support/nodes';
import { ROOT } from '../support/endToEnd';

interface Job {
  readonly strategy?: { readonly matrix: { readonly node: readonly number[] } };
  readonly container: string;
  readonly steps: readonly { readonly run?: string }[];
}

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const { jobs } = parse(read('.github/workflows/ci.yml')) as { readonly jobs: Readonly<Record<string, Job>> };
const commands = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };

describe('the workflow of a forge', () => {
  it('tests under every Node that kahets is for', () => {
    expect(jobs['test']?.strategy?.matrix.node).toEqual(MAJORS.filter((major) => [20, 22, 24].includes(major)));
    expect(jobs['test']?.container).toContain('matrix.node');
  });

  it('runs what is here', () => {
    expect(commands).toContain('.ci/run');
    for (const command of commands) {
      const [first = '', second, script] = command.split(' ');
      if (first !== 'npm') expect(statSync(path.join(ROOT, first)).mode & 0o111).not.toBe(0);
      else if (second === 'run') expect(Object.keys(scripts)).toContain(script);
      else expect(second).toBe('audit');
    }
  });

  it('looks for known holes in what is shipped', () =>
    expect(commands).toContainEqual(expect.stringMatching(/^npm audit --omit=dev/)));
});

describe('what contributors are given', () => {
  it.each(['CONTRIBUTING.md', '.github/pull_request_template.md', '.gitmessage', '.devcontainer/devcontainer.json'])(
    '%s names commands and files that are there',
    (file) => {
      const text = read(file);
      for (const [, name = ''] of text.matchAll(/npm run ([\w:]+)/g)) expect(Object.keys(scripts)).toContain(name);
      for (const [found] of text.matchAll(/\b(?:docs|src|spec|api|\.ci)\/[\w./-]*\w/g))
        expect({ file, found, isThere: existsSync(path.join(ROOT, found)) }).toMatchObject({ isThere: true });
    },
  );
});
