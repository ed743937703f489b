import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { DYNAMIC_CONFIG, toDynamicConfigFlags, toDynamicConfigYaml } from './dynamic-config.ts';

const YAML_FILE = new URL('./dynamic-config.yaml', import.meta.url);

test('the file that compose mounts says what the dev server is started with', () => {
  expect(readFileSync(YAML_FILE, 'utf8')).toBe(toDynamicConfigYaml(DYNAMIC_CONFIG));
});

test('every setting becomes one flag with a JSON value', () => {
  const flags = toDynamicConfigFlags({ 'a.number': 20, 'a.switch': true });
  expect(flags).toEqual([
    '--dynamic-config-value',
    'a.number=20',
    '--dynamic-config-value',
    'a.switch=true',
  ]);
});

test('a setting in the file is a list with one unconditional value', () => {
  expect(toDynamicConfigYaml({ 'a.b': 1 })).toBe('a.b:\n  - value: 1\n');
});
