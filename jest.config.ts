import type { Config } from 'jest';

const transform: Config['transform'] = { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022' } }] };

const config: Config = {
  projects: [
    {
      displayName: 'unit',
      testMatch: ['<rootDir>/spec/**/*.spec.ts'],
      testPathIgnorePatterns: ['<rootDir>/spec/e2e/'],
      transform,
    },
    {
      displayName: 'e2e',
      // A daemon is started and stopped in most of them.
      testTimeout: 30_000,
      testMatch: ['<rootDir>/spec/e2e/**/*.spec.ts'],
      globalSetup: '<rootDir>/spec/support/startKafka.ts',
      globalTeardown: '<rootDir>/spec/support/stopKafka.ts',
      transform,
    },
  ],
};

export default config;
