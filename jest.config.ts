import type { Config } from 'jest';

const transform: Config['transform'] = { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022' } }] };

const config: Config = {
  testSequencer: '<rootDir>/spec/support/longestFirst.mjs',
  projects: [
    {
      displayName: 'unit',
      testMatch: ['<rootDir>/spec/**/*.spec.ts'],
      testPathIgnorePatterns: ['<rootDir>/spec/e2e/'],
      transform,
    },
    {
      displayName: 'e2e',
      testMatch: ['<rootDir>/spec/e2e/**/*.spec.ts'],
      globalSetup: '<rootDir>/spec/support/startKafka.ts',
      globalTeardown: '<rootDir>/spec/support/stopKafka.ts',
      setupFilesAfterEnv: ['<rootDir>/spec/support/patience.ts'],
      transform,
    },
  ],
};

export default config;
