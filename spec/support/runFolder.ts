/** A folder for what the end-to-end specs of one run make once and share; set-up makes it, tear-down removes it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const VARIABLE = 'KAHETS_TEST_RUN';

export const makeRunFolder = async (): Promise<void> => {
  process.env[VARIABLE] = await mkdtemp(path.join(tmpdir(), 'kahets-run-'));
};

export const runFolder = (): string => {
  const folder = process.env[VARIABLE];
  if (folder === undefined) throw new Error(`${VARIABLE} is not set: this is for specs of the project "e2e"`);
  return folder;
};

export const removeRunFolder = (): Promise<void> => rm(runFolder(), { recursive: true, force: true });
