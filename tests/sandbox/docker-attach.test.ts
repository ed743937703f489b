import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { attachWire } from '../../adapters/sandbox/docker/attach-wire.ts';
import { encodePart } from '../../adapters/sandbox/runner/part.ts';
import { createEgressProxy } from '../../adapters/sandbox/egress/proxy.ts';
import { reap } from '../../adapters/sandbox/pool/reap.ts';
import { AppError } from '../../contracts/app-error.ts';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import { openBench, run, shell, specOf } from './docker-fixture.ts';
import { allowing, bodyOf, echoServer } from './egress-fixture.ts';
import { startShyDaemon } from './shy-daemon.ts';
import type { DockerDriver } from '../../adapters/sandbox/docker/docker-driver.ts';
import type { Sandbox } from '../../adapters/sandbox/port.ts';
import type { DriverBench } from './docker-fixture.ts';
import type { LocalServer } from './egress-fixture.ts';

const { reason, socketPath, docker } = await dockerForTests(['base']);
const REFUSAL = 'no firewall for this test';
/** Tries to open connections, and to ask for names, all at once; prints what succeeds. */
const TRY = `
import socket, sys, threading
def tcp(host, port):
    socket.create_connection((host, port), 2).close()
def udp(host, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2)
    s.sendto(bytes.fromhex('0001010000010000000000000765786d706c6503636f6d0000010001'), (host, port))
    if s.recv(512)[7] == 0: raise OSError('no answer to the question')
def name(host, port):
    socket.getaddrinfo(host, port)
def attempt(kind, host, port):
    try:
        {'tcp': tcp, 'udp': udp, 'name': name}[kind](host, int(port))
        print(kind, host, port)
    except OSError:
        pass
for each in sys.argv[1:]:
    threading.Thread(target=attempt, args=each.split(',')).start()
`;

async function succeeds(sandbox: Sandbox, attempts: readonly string[]): Promise<string[]> {
  const { stdout } = await run(sandbox, ['python3', '-c', TRY, ...attempts]);
  return stdout.split('\n').filter((line) => line !== '');
}

/** Where the sandbox's network begins, as the host sees it. */
async function gatewayOf(id: string): Promise<string> {
  const [network] = await docker.listNetworks({ filters: { label: [`dev.holdfast.id=${id}`] } });
  return network?.IPAM?.Config?.[0]?.Gateway ?? '';
}

function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flat();
  return all.find((one) => one?.internal === false && one.family === 'IPv4')?.address ?? '';
}

const guardRules = (): string =>
  ['iptables', 'ip6tables'].map((name) => execFileSync(`/usr/sbin/${name}`, ['-S'])).join('');

describeUnless(reason, 'a sandbox that shares no folder with its host', () => {
  let bench: DriverBench;
  let driver: DockerDriver;
  let server: LocalServer;

  beforeAll(async () => {
    bench = await openBench(socketPath, { transport: 'attach' });
    const resolve = async () => ['127.0.0.1'];
    driver = bench.open({ egress: createEgressProxy({ resolve, privateHosts: ['api.test'] }) });
    server = await echoServer();
  });
  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  test('gives two clients at once what each of them asked for', async () => {
    const spec = specOf();
    const sandboxes = [await driver.create(spec), await bench.open().connect(spec.id)];
    const asked = sandboxes.map(async (sandbox, at) => {
      const bytes = randomBytes(2_000_000);
      await sandbox.files.write(`f${at}`, bytes);
      const lines = await Promise.all(
        Array.from({ length: 10 }, (_, line) => shell(sandbox, `echo ${at} ${line}`)),
      );
      expect(lines.map(({ stdout }) => stdout)).toEqual(lines.map((_, line) => `${at} ${line}\n`));
      expect((await sandbox.files.read(`f${at}`)).equals(bytes)).toBe(true);
    });
    await Promise.all(asked);
    await sandboxes[0]?.kill();
  });

  test('is not disturbed by a client that was killed in the middle of a frame', async () => {
    const spec = specOf();
    const sandbox = await driver.create(spec);
    const torn = encodePart({ connection: 7, place: 0 }, Buffer.alloc(16_000));
    const { stream } = await attachWire(docker, spec.id);
    await new Promise((resolve) => stream.write(torn.subarray(0, 700), resolve));
    stream.destroy();
    expect((await shell(sandbox, 'echo here')).stdout).toBe('here\n');
    const later = await bench.open().connect(spec.id);
    expect((await shell(later, 'echo there')).stdout).toBe('there\n');
    await sandbox.kill();
  });

  test('reaches the proxy, and nothing else of the host, its neighbours or the world', async () => {
    const network = allowing(`api.test:${server.port}`);
    const [spec, other] = [specOf({ network }), specOf({ network })];
    const [sandbox, neighbour] = await Promise.all([driver.create(spec), driver.create(other)]);
    const [gateway, elsewhere] = [await gatewayOf(spec.id), await gatewayOf(other.id)];
    await using open = await listenEverywhere();
    const server4713 = ['python3', '-m', 'http.server', '4713'];
    const limits = { deadlineMs: 30_000, maxOutputBytes: 1_000 };
    await neighbour.exec({ commandId: 'server', argv: server4713, ...limits });
    const hosts = [gateway, elsewhere, ownAddress(), '172.17.0.1'];
    expect(
      await succeeds(sandbox, [
        ...hosts.flatMap((host) => [`tcp,${host},${open.port}`, `udp,${host},53`]),
        ...[`tcp,${elsewhere},13128`, `tcp,${elsewhere.replace(/\d+$/, last)},4713`],
        ...['tcp,169.254.169.254,80', 'tcp,1.1.1.1,443', 'udp,1.1.1.1,53', 'udp,127.0.0.11,53'],
        ...['name,example.com,80', 'name,api.test,80', `tcp,${gateway},13128`],
      ]),
    ).toEqual([`tcp ${gateway} 13128`]);
    const url = `http://api.test:${server.port}/x`;
    expect(bodyOf((await shell(sandbox, `curl -s ${url}`)).stdout)).toMatchObject({ url: '/x' });
    const refused = await shell(sandbox, 'curl -s -o /dev/null -w %{http_code} http://other.test/');
    expect(refused.stdout).toBe('403');
    expect(await canConnect(gateway, 13_128)).toBe(false);

    await Promise.all([sandbox.kill(), neighbour.kill()]);
    expect(await gatewayOf(spec.id)).toBe('');
    expect(guardRules()).not.toContain(gateway);
  });

  test('gets no allow-list where the firewall cannot be set, and nothing is left of it', async () => {
    const refuse = async () => {
      throw new AppError('sandbox.unavailable', REFUSAL);
    };
    const bare = bench.open({ firewall: { guard: refuse, unguard: async () => undefined } });
    const spec = specOf({ network: allowing('api.test:80') });
    const refused = { code: 'sandbox.unavailable', message: REFUSAL };
    await expect(bare.create(spec)).rejects.toMatchObject(refused);
    expect(await docker.listContainers({ all: true, filters: { name: [spec.id] } })).toEqual([]);
    expect(await gatewayOf(spec.id)).toBe('');
    const offline = await bare.create(specOf());
    await expect(offline.updateNetwork(spec.network)).rejects.toMatchObject(refused);
    expect((await shell(offline, 'tail -n +3 /proc/net/dev | wc -l')).stdout).toBe('1\n');
    await offline.kill();
  });

  test('finds its way again when the process that kept it open has ended', async () => {
    const spec = specOf({ network: allowing(`api.test:${server.port}`) });
    const resolve = async () => ['127.0.0.1'];
    const egress = createEgressProxy({ resolve, privateHosts: ['api.test'] });
    const passing = bench.open({ egress });
    await passing.create(spec);
    const sandbox = await driver.connect(spec.id);
    const get = `curl -s -o /dev/null -w %{http_code} http://api.test:${server.port}/`;
    expect((await shell(sandbox, get)).stdout).toBe('200');
    await passing[Symbol.asyncDispose]();
    expect((await shell(sandbox, get)).stdout).toBe('000');
    const again = await bench.open({ egress }).connect(spec.id);
    expect((await shell(again, get)).stdout).toBe('200');

    const gateway = await gatewayOf(spec.id);
    await docker.getContainer(`holdfast-${spec.id}`).remove({ force: true });
    await sandbox.died;
    const isWanted = async () => true;
    await reap({ driver, now: Date.now() + 120_000, isWanted });
    expect(await gatewayOf(spec.id)).toBe('');
    expect(guardRules()).not.toContain(gateway);
  });

  test('is what a daemon gets that cannot share folders, which is found out once', async () => {
    await using shy = await startShyDaemon(socketPath);
    const options = { transport: 'auto', docker: { socketPath: shy.socketPath } } as const;
    const sandbox = await bench.open(options).create(specOf());
    expect((await shell(sandbox, 'echo far')).stdout).toBe('far\n');
    expect(shy.made()).toBe(3);
    await sandbox.kill();
    await (await bench.open(options).create(specOf())).kill();
    expect(shy.made()).toBe(4);
  });
});

function last(digits: string): string {
  return String(Number(digits) + 1);
}

async function canConnect(host: string, port: number): Promise<boolean> {
  try {
    await fetch(`http://${host}:${port}/`, { signal: AbortSignal.timeout(1_000) });
    return true;
  } catch {
    return false;
  }
}

async function listenEverywhere(): Promise<AsyncDisposable & { readonly port: number }> {
  const open = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => open.listen(0, '0.0.0.0', resolve));
  const address = open.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => open.close(resolve));
    },
  };
}
