import { appendFileSync, existsSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { connectRunner } from '../../adapters/sandbox/runner/runner-client.ts';
import { describeUnless } from '../harness/not-run.ts';
import { until } from '../harness/until.ts';
import {
  NO_RUNNER,
  finish,
  isAlive,
  pidFile,
  pidFrom,
  sha256,
  shell,
  startRunner,
  toRequest,
} from './runner-process.ts';

const MIB = 1 << 20;

describeUnless(NO_RUNNER, 'the runner as a whole', () => {
  test('ends at its time, which can be extended up to the maximum', async () => {
    await using runner = startRunner(['--ttl-ms', '1500', '--max-ttl-ms', '3000']);
    const { parts, goodbye } = await runner.connect();
    const command = await parts.exec(toRequest('c', shell('echo $$ > pid; exec sleep 60')));
    const pid = await pidFrom(pidFile(runner));
    const dies = await parts.extend(60_000);
    expect(dies.getTime() - Date.now()).toBeLessThanOrEqual(3_000);
    await expect(command.result).rejects.toMatchObject({ code: 'sandbox.lost' });
    expect(await runner.exited).toBe(124);
    expect(await goodbye).toBe('ttl');
    expect(isAlive(pid)).toBe(false);
    await expect(parts.files.list()).rejects.toMatchObject({ code: 'sandbox.lost' });
  });

  test('pipes connections to a port inside, both ways and half closed', async () => {
    await using runner = startRunner();
    const { parts } = await runner.connect();
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const pieces: Buffer[] = [];
      socket.on('data', (bytes: Buffer) => pieces.push(bytes));
      socket.on('end', () => socket.end(Buffer.concat(pieces)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const stream = await parts.dial(port);
    const sent = Buffer.alloc(3 * MIB, 'echo');
    stream.end(sent);
    const received: Buffer[] = [];
    for await (const bytes of stream) received.push(bytes as Buffer);
    expect(sha256(Buffer.concat(received))).toBe(sha256(sent));
    await new Promise((resolve) => server.close(resolve));
    await expect(parts.dial(port)).rejects.toMatchObject({ code: 'sandbox.unavailable' });
  });

  test('carries proxied connections to the socket of the proxy', async () => {
    await using proxy = await startProxy();
    await using runner = startRunner(['--egress', proxy.path, '--proxy-port', String(proxy.port)]);
    const { parts } = await runner.connect();
    const script = `
import os, socket
host, port = os.environ['HTTPS_PROXY'][7:].split(':')
s = socket.create_connection((host, int(port)))
s.sendall(b'ping'); s.shutdown(1)
print(os.environ['NODE_USE_ENV_PROXY'], s.recv(99).decode())`;
    const { stdout } = await finish(await parts.exec(toRequest('c', ['python3', '-c', script])));
    expect(stdout.toString()).toBe('1 proxied ping\n');
  });

  test('speaks the same over standard input and output', async () => {
    await using runner = startRunner(['--stdio']);
    const connection = await runner.connect();
    const request = toRequest('c', ['echo', 'hi']);
    const { stdout } = await finish(await connection.parts.exec(request));
    expect(stdout.toString()).toBe('hi\n');
    const seen = await connection.metrics();
    expect(seen.memoryBytes).toBeGreaterThan(0);
    expect(seen.diskLimitBytes).toBeGreaterThan(seen.diskBytes);
  });

  test('refuses processes of its own process namespace when told to', async () => {
    await using runner = startRunner([
      '--refuse-inside',
      '--ttl-ms',
      '9000',
      '--max-ttl-ms',
      '9000',
    ]);
    await until('the socket', () => existsSync(runner.socketPath));
    const endpoint = { socketPath: runner.socketPath };
    await expect(
      connectRunner({ endpoint, died: runner.died, readyMs: 500 }),
    ).rejects.toMatchObject({ code: 'sandbox.unavailable' });
  });

  test('is not reached through a link in the place of its socket', async () => {
    await using runner = startRunner();
    await runner.connect();
    const link = join(runner.folder, 'link.sock');
    symlinkSync(runner.socketPath, link);
    appendFileSync(join(runner.folder, 'file.sock'), '');
    for (const socketPath of [link, join(runner.folder, 'file.sock')]) {
      await expect(
        connectRunner({ endpoint: { socketPath }, died: runner.died, readyMs: 200 }),
      ).rejects.toMatchObject({ message: 'what lies in place of the runner is no socket' });
    }
  });
});

async function startProxy(): Promise<
  AsyncDisposable & { readonly path: string; readonly port: number }
> {
  const path = join(process.env['TMPDIR'] ?? '/tmp', `hf-egress-${process.pid}.sock`);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('data', (bytes: Buffer) => socket.end(`proxied ${bytes.toString()}`));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const address = free.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  await new Promise((resolve) => free.close(resolve));
  return {
    path,
    port,
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
