import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { ENV_NAMES } from '../runtime/env.ts';
import { DYNAMIC_CONFIG, toDynamicConfigYaml } from '../temporal/dynamic-config.ts';

const ROOT = new URL('../', import.meta.url);
const compose = readFileSync(new URL('docker-compose.yml', ROOT), 'utf8');

/** First groups of all matches. */
function all(pattern: RegExp): readonly string[] {
  return [...compose.matchAll(pattern)].map(([, group = '']) => group);
}

/** The part of the file that describes one service. */
function service(name: string): string {
  const [, body = ''] = new RegExp(`\\n  ${name}:\\n((?:    .*\\n|\\n)+)`).exec(compose) ?? [];
  return body;
}

describe('docker-compose.yml', () => {
  test('gives Temporal the tuning that the dev server is started with', () => {
    const temporal = service('temporal');
    const [, path = ''] = /DYNAMIC_CONFIG_FILE_PATH: (\S+)/.exec(temporal) ?? [];
    const [, file = ''] = new RegExp(`- (\\./\\S+):${path}:ro`).exec(temporal) ?? [];
    expect(readFileSync(new URL(file, ROOT), 'utf8')).toBe(toDynamicConfigYaml(DYNAMIC_CONFIG));
  });

  test('mounts files that exist', () => {
    const files = all(/- (\.\/\S+?):\//g);
    expect(files).toHaveLength(3);
    expect(files.filter((file) => !existsSync(new URL(file, ROOT)))).toEqual([]);
  });

  test('pins every image, and the same version for Temporal and its schema', () => {
    const images = all(/^ {4}image: (\S+)$/gm);
    expect(images).toHaveLength(6);
    expect(images.filter((image) => !/:v?\d+[\w.-]*$/.test(image))).toEqual([]);
    const [server, tools] = ['server', 'admin-tools'].map(
      (name) => images.find((image) => image.startsWith(`temporalio/${name}:`))?.split(':')[1],
    );
    expect(server).toBe(tools);
    expect(server).toMatch(/^1\.31\.\d+$/);
  });

  test('passes Holdfast no variable that it does not read', () => {
    const [, body = ''] = /holdfast-environment\n((?: {2}\S.*\n)+)/.exec(compose) ?? [];
    const names = [...body.matchAll(/^ {2}(\w+):/gm)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !ENV_NAMES.some((known) => known === name))).toEqual([]);
  });

  test('has no default for a secret', () => {
    const uses = all(/(\$\{\w*(?:PASSWORD|PEPPER)[^}]*\})/g);
    expect(uses.length).toBeGreaterThan(4);
    expect(uses.filter((use) => !/^\$\{\w+:\?[^}]+\}$/.test(use))).toEqual([]);
  });

  test('publishes ports on loopback only, and none of a server or a worker', () => {
    expect(all(/^ {6}- (\$\{\w+_BIND:-\S+)$/gm)).toEqual([
      '${TEMPORAL_UI_BIND:-127.0.0.1:8080}:8080',
      '${HOLDFAST_BIND:-127.0.0.1:7400}:7400',
    ]);
    for (const name of ['postgres', 'temporal', 'worker']) {
      expect(service(name)).not.toBe('');
      expect(service(name)).not.toContain('ports:');
    }
  });

  test('checks the health of everything that stays up', () => {
    for (const name of ['postgres', 'temporal', 'temporal-ui', 'api', 'worker']) {
      expect(service(name)).toContain('healthcheck:');
    }
  });
});
