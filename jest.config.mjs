/**
 * Pure tests sit beside the code, or in the folders of tests/ that are named here; the others under
 * tests/ need PostgreSQL or Temporal and run one after the other.
 */
const PURE = '(client|execution)/';

const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: { target: 'es2024', parser: { syntax: 'typescript' } },
      module: { type: 'es6' },
    },
  ],
};

const base = {
  transform,
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironment: 'node',
  injectGlobals: false,
  modulePathIgnorePatterns: ['<rootDir>/.holdfast/', '<rootDir>/dist/'],
};

export default {
  // Databases are made and processes started in hooks; a busy machine takes its time. Jest reads this
  // here and not in projects.
  testTimeout: 60_000,
  testSequencer: '<rootDir>/tests/harness/docker-last.mjs',
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', `<rootDir>/tests/(?!${PURE})`],
    },
    {
      ...base,
      displayName: 'system',
      testMatch: ['<rootDir>/tests/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', `<rootDir>/tests/${PURE}`],
      globalSetup: '<rootDir>/tests/harness/global-setup.ts',
      globalTeardown: '<rootDir>/tests/harness/global-teardown.ts',
    },
  ],
};
