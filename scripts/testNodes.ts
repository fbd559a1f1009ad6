/** The unit specs under every Node that kahets is for, one after the other; options are passed on to jest. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import * as E from 'fp-ts/Either';
import { findNode, MAJORS } from '../spec/support/nodes';

const passes = (major: number): boolean => {
  const node = findNode(major);
  if (E.isLeft(node)) {
    console.log(`Node ${major}: FAILED: ${node.left}`);
    return false;
  }
  const jest = [
    path.resolve(__dirname, '../node_modules/jest/bin/jest.js'),
    '--selectProjects=unit',
    ...process.argv.slice(2),
  ];
  const ok = spawnSync(node.right, jest, { stdio: 'inherit' }).status === 0;
  console.log(`Node ${major}: ${ok ? 'passed' : 'FAILED'}`);
  return ok;
};

process.exitCode = MAJORS.map(passes).every(Boolean) ? 0 : 1;
