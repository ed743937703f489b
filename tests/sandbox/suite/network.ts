import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createEgressProxy } from '../../../adapters/sandbox/egress/proxy.ts';
import { NO_NETWORK, type NetworkRequest } from '../../../contracts/sandbox.ts';
import { until } from '../../harness/until.ts';
import { run, shell, specOf } from '../docker-fixture.ts';
import { allowing, bodyOf, echoServer, makeCertificate } from '../egress-fixture.ts';
import type { Sandbox, SandboxDriver } from '../../../adapters/sandbox/port.ts';
import type { LocalServer } from '../egress-fixture.ts';
import type { SuiteBench } from '../port.suite.ts';

const VALUE = 'token-that-stays-outside';
const WORKSPACE = 'ws_secret';

/** Asks as programs do that know of proxies from their environment alone. */
function get(sandbox: Sandbox, url: string): ReturnType<typeof run> {
  const script = [
    'import sys, urllib.request, urllib.error',
    'try: print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())',
    'except urllib.error.HTTPError as e: print("status", e.code)',
    'except OSError as e: print("failed")',
  ];
  return run(sandbox, ['python3', '-c', script.join('\n'), url]);
}

/** The only way out. */
export function networkTests(openBench: () => Promise<SuiteBench>): void {
  let bench: SuiteBench;
  let driver: SandboxDriver;
  let plain: LocalServer;
  let tls: LocalServer;
  beforeAll(async () => {
    const cert = makeCertificate();
    plain = await echoServer();
    tls = await echoServer(cert);
    bench = await openBench();
    const egress = createEgressProxy({
      resolve: async () => ['127.0.0.1'],
      privateHosts: ['api.test', 'other.test'],
      ca: [cert.cert],
    });
    const secret = { header: 'Authorization', value: `Bearer ${VALUE}` };
    const secretsOf = (workspaceId: string) =>
      workspaceId === WORKSPACE ? [{ ...secret, rule: `api.test:${tls.port}` }] : [];
    driver = bench.open({ egress, secretsOf });
  });
  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
    await Promise.all([plain, tls].map((server) => server[Symbol.asyncDispose]()));
  });

  test('is opened, changed and closed while it lives, and tells who asked for what', async () => {
    const requests: NetworkRequest[] = [];
    const network = allowing(`api.test:${plain.port}`);
    const spec = specOf({ network, onRequest: (request) => void requests.push(request) });
    const sandbox = await driver.create(spec);
    const [api, other] = ['api.test', 'other.test'].map((host) => `http://${host}:${plain.port}/`);
    expect(bodyOf((await get(sandbox, `${api}a`)).stdout)).toMatchObject({ url: '/a' });
    expect((await get(sandbox, `${other}b`)).stdout).toBe('status 403\n');
    await until('both reports', () => requests.length === 2);
    expect(requests.map(({ host, allowed }) => [host, allowed])).toEqual([
      ['api.test', true],
      ['other.test', false],
    ]);
    expect((await sandbox.metrics()).networkBytes).toBeGreaterThan(100);

    await sandbox.updateNetwork(allowing(`other.test:${plain.port}`));
    expect(bodyOf((await get(sandbox, `${other}c`)).stdout)).toMatchObject({ url: '/c' });
    expect((await get(sandbox, `${api}d`)).stdout).toBe('status 403\n');
    await sandbox.updateNetwork(NO_NETWORK);
    expect((await get(sandbox, `${other}e`)).stdout).toMatch(/status 403|failed/);
    await sandbox.kill();
  });

  test('is opened for a sandbox that began without one', async () => {
    const sandbox = await driver.create(specOf());
    const url = `http://api.test:${plain.port}/`;
    expect((await get(sandbox, url)).stdout).toBe('failed\n');
    await sandbox.updateNetwork(allowing(`api.test:${plain.port}`));
    expect(bodyOf((await get(sandbox, url)).stdout)).toMatchObject({ method: 'GET' });
    await sandbox.kill();
  });

  test('carries a header of its workspace whose value is nowhere inside', async () => {
    const network = allowing(`api.test:${tls.port}`);
    const url = `http://api.test:${tls.port}/`;
    const sandbox = await driver.create(specOf({ network, workspaceId: WORKSPACE }));
    const told = bodyOf((await get(sandbox, url)).stdout).raw.join(' ');
    expect(told).toContain(`Bearer ${VALUE}`);
    const places = '/proc/[0-9]*/environ /run /tmp /workspace /etc';
    const search = `env | grep -c ${VALUE}; grep -rls "token-th"at-stays ${places} | wc -l`;
    expect((await shell(sandbox, search)).stdout).toBe('0\n0\n');
    const stranger = await driver.create(specOf({ network }));
    expect((await get(stranger, url)).stdout).not.toContain(VALUE);
    await Promise.all([sandbox.kill(), stranger.kill()]);
  });
}
