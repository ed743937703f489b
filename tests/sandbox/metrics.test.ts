import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countedDriver } from '../../runtime/counted-driver.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createSandboxPool } from '../../adapters/sandbox/pool/sandbox-pool.ts';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import { FakeDriver } from './fake-driver.ts';
import { openBench, run, shell, specOf, type DriverBench } from './docker-fixture.ts';
import { serveMetrics } from '../../runtime/metrics-server.ts';
import { startStack } from '../harness/stack.ts';
import { toConfig } from '../../runtime/config.ts';
import { until } from '../harness/until.ts';

/** Values by name and labels, as Prometheus reads them. */
async function scrape(port: number): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = (await answer.text()).split('\n').filter((line) => /^[a-z]/.test(line));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))] as const;
    }),
  );
}

describe('metrics', () => {
  test('count sandboxes while they live, and commands by their ends', async () => {
    const metrics = createMetrics();
    await using server = await serveMetrics(metrics, { host: '127.0.0.1', port: 0 });
    const driver = countedDriver(new FakeDriver(async () => 'done'), metrics);
    const spec = specOf();
    const sandbox = await driver.create(spec);
    const same = await driver.connect(spec.id);
    await run(same, ['x']);
    const during = await scrape(server.port);
    expect(during.get('holdfast_sandboxes_connected{level="docker"}')).toBe(1);
    expect(during.get('holdfast_sandbox_commands_total{level="docker",end="exit"}')).toBe(1);
    expect(during.get('process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
    await sandbox.kill();
    const after = await scrape(server.port);
    expect(after.get('holdfast_sandboxes_connected{level="docker"}')).toBe(0);
    expect([...after.keys()].join()).not.toContain(spec.id);
  });

  test('are served at their path only', async () => {
    await using server = await serveMetrics(createMetrics(), { host: '127.0.0.1', port: 0 });
    const url = `http://127.0.0.1:${server.port}`;
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${url}/metrics?of=now`)).status).toBe(200);
  });

  test('survive a request for what is no address', async () => {
    await using server = await serveMetrics(createMetrics(), { host: '127.0.0.1', port: 0 });
    const request = get({ host: '127.0.0.1', port: server.port, path: '//' });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(404);
    expect(await scrape(server.port)).toBeDefined();
  });

  test('of a process are served where it was told to, else nowhere', async () => {
    expect(toConfig({}).metrics).toEqual({ host: '127.0.0.1', port: null });
    expect(() => toConfig({ HOLDFAST_METRICS_PORT: 'x' })).toThrow('HOLDFAST_METRICS_PORT');
    const stack = await startStack({ HOLDFAST_METRICS_PORT: '0' });
    const found = await scrape(stack.holdfast.metricsPort ?? 0);
    await stack.stop();
    expect(found.get('holdfast_sandbox_pool_hits_total{level="docker"}')).toBe(0);
  });
});

const { reason, socketPath } = await dockerForTests(['base']);

describeUnless(reason, 'metrics of a pool', () => {
  let bench: DriverBench;
  beforeAll(async () => {
    bench = await openBench(socketPath);
  });
  afterAll(async () => bench[Symbol.asyncDispose]());

  test('move when a sandbox is taken', async () => {
    const metrics = createMetrics();
    await using server = await serveMetrics(metrics, { host: '127.0.0.1', port: 0 });
    const warn = (): void => undefined;
    await using pool = createSandboxPool({ driver: bench.open(), most: 1, warn });
    metrics.watchPool('docker', () => pool.metrics());
    const value = async (name: string) => (await scrape(server.port)).get(name);
    await (await pool.create(specOf())).kill();
    await until('a warm sandbox', () => pool.metrics().warm === 1);
    const warm = 'holdfast_sandbox_pool_warm{level="docker",image="base"}';
    const hits = 'holdfast_sandbox_pool_hits_total{level="docker"}';
    const misses = 'holdfast_sandbox_pool_misses_total{level="docker"}';
    expect([await value(warm), await value(hits), await value(misses)]).toEqual([1, 0, 1]);
    const taken = await pool.create(specOf());
    expect([await value(hits), await value(misses)]).toEqual([1, 1]);
    expect(await shell(taken, 'echo x')).toMatchObject({ stdout: 'x\n' });
    await taken.kill();
  });
});
