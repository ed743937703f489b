import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { DEFAULT_BUDGETS, LIMITS } from '../contracts/limits.ts';
import { ENV_NAMES } from '../runtime/env.ts';

const README = readFileSync('README.md', 'utf8').replaceAll(/ +/g, ' ');
const DEPENDENCIES = readFileSync('docs/adr/0007-dependencies.md', 'utf8');
/** Set by the system or by tests, not by an operator. */
const NOT_OPERATORS = ['XDG_CACHE_HOME', 'HOME', 'PATH', 'NODE_ENV', 'FAILPOINT'];

const KIB = 1_024;
const HOUR_MS = 3_600_000;

function valueText(name: string, value: number): string {
  if (name.endsWith('Bytes')) {
    return value >= KIB * KIB ? `${value / KIB / KIB} MiB` : `${value / KIB} KiB`;
  }
  if (!name.endsWith('Ms')) return value.toLocaleString('en-US');
  if (value % (24 * HOUR_MS) === 0) return `${value / 24 / HOUR_MS} d`;
  return value % HOUR_MS === 0 ? `${value / HOUR_MS} h` : `${value / 1_000} s`;
}

test.each([...Object.entries(LIMITS), ...Object.entries(DEFAULT_BUDGETS)])(
  'the README tells that %s is %d',
  (name, value) => {
    expect(README).toContain(`| \`${name}\` | ${valueText(name, value)} |`);
  },
);

test.each(ENV_NAMES.filter((name) => !NOT_OPERATORS.includes(name)))(
  'the README explains %s',
  (name) => {
    expect(README).toContain(`\`${name}\``);
  },
);

test('the README explains no variable that nobody reads', () => {
  const named =
    README.match(/`((?:HOLDFAST|TEMPORAL|OPENAI|ANTHROPIC|GOOGLE|OLLAMA)_[A-Z_]+)`/g) ?? [];
  const names: readonly string[] = ENV_NAMES;
  expect(named.map((name) => name.slice(1, -1)).filter((name) => !names.includes(name))).toEqual(
    [],
  );
});

test('every dependency has a reason', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
    string,
    Readonly<Record<string, string>>
  >;
  const all = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
    Object.keys(manifest[kind] ?? {}),
  );
  const missing = all.filter(
    (name) => !DEPENDENCIES.includes(`\`${name}\``) && !name.startsWith('@types/'),
  );
  expect(missing).toEqual([]);
});
