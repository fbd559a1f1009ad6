import { missing } from './cluster';

const why = missing();

/** Skipped, and says so, where there is no PostgreSQL; an error where all that is tested must be there. */
export const describePostgres: jest.Describe =
  why === undefined ? describe : process.env['CI'] === 'true' ? fail(why) : skip(why);

function fail(reason: string): never {
  throw new Error(reason);
}

function skip(reason: string): jest.Describe {
  console.warn(`Left out, since there is ${reason}`);
  return describe.skip;
}
