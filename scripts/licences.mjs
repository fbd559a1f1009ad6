/** The licences of packages whose code is shipped within ours, which ask to be shipped with it. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from './root.mjs';

const TEXT = /^(licen[cs]e|copying|notice)([-.].*)?$/i;
const RULE = '-'.repeat(80);

const HEAD = `These packages are, in part, in the files of this folder. Each has its licence below.`;

/** The folder of the package that a file below the root is in, if it is in one. */
const packageOf = (file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];

/** Name, version, licence, and the texts that the package brings along; one without a text stops the build. */
const chapter = (folder) => {
  const { name, version, license } = JSON.parse(readFileSync(inRoot(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(inRoot(folder)).filter((file) => TEXT.test(file));
  if (texts.length === 0) throw new Error(`${folder} has no licence text, so its code cannot be shipped`);
  const bodies = texts.map((file) => readFileSync(path.join(inRoot(folder), file), 'utf8').trim());
  return [RULE, `${name} ${version} (${license})`, RULE, ...bodies].join('\n\n');
};

/** All licences of the packages that `files` are of; paths as seen from the root. */
export const licencesOf = (files) => {
  const folders = new Set(files.map(packageOf).filter((folder) => folder !== undefined));
  return `${[HEAD, ...[...folders].sort().map(chapter)].join('\n\n')}\n`;
};
