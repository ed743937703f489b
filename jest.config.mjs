/** Pure tests sit beside the code; those under tests/ need servers and run one after the other. */
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
  // Databases are made and processes started in hooks; a busy machine takes its time.
  testTimeout: 60_000,
  modulePathIgnorePatterns: ['<rootDir>/.holdfast/', '<rootDir>/dist/'],
};

export default {
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/tests/'],
    },
    {
      ...base,
      displayName: 'system',
      testMatch: ['<rootDir>/tests/**/*.test.ts'],
      globalSetup: '<rootDir>/tests/harness/global-setup.ts',
      globalTeardown: '<rootDir>/tests/harness/global-teardown.ts',
    },
  ],
};
