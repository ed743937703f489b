import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { encodePart } from '../../adapters/sandbox/runner/part.ts';
import { describeUnless } from '../harness/not-run.ts';
import { NO_RUNNER, finish, sha256, shell, startRunner, toRequest } from './runner-process.ts';

const MIB = 1 << 20;

describeUnless(NO_RUNNER, 'a wire that clients share', () => {
  test('carries what several of them send at once, though it arrives torn', async () => {
    await using runner = startRunner(['--stdio']);
    const hub = runner.hub();
    const sizes = [7_001, 9_999, 12_345];
    const clients = await Promise.all(
      sizes.map((size) => runner.connect({ open: async () => hub.open(size) })),
    );
    const contents = clients.map(() => randomBytes(MIB / 2));
    const sent = clients.map(async ({ parts }, at) => {
      await parts.files.write(`file${at}`, contents[at] ?? Buffer.alloc(0));
      const request = toRequest(`c${at}`, ['cat'], { stdin: contents[at] ?? Buffer.alloc(0) });
      const [copied, read] = await Promise.all([
        parts.exec(request).then(finish),
        parts.files.read(`file${at}`),
      ]);
      return [sha256(copied.stdout), sha256(read)];
    });
    const expected = contents.map((bytes) => [sha256(bytes), sha256(bytes)]);
    expect(await Promise.all(sent)).toEqual(expected);
  });

  test('is as good as new for the next after one that was killed in the middle of a part', async () => {
    await using runner = startRunner(['--stdio']);
    const hub = runner.hub();
    const staying = await runner.connect({ open: async () => hub.open() });
    const torn = encodePart({ connection: 1, place: 0 }, Buffer.alloc(16_000));
    const killed = hub.open();
    killed.stream.write(torn.subarray(0, 900));
    const { stdout } = await finish(await staying.parts.exec(toRequest('a', ['echo', 'stays'])));
    expect(stdout.toString()).toBe('stays\n');
    hub.open().stream.write(torn.subarray(0, 10));
    const next = await runner.connect({ open: async () => hub.open() });
    const command = await next.parts.attach('a');
    expect((await finish(command)).stdout.toString()).toBe('stays\n');
  });

  test('is joined in the middle of output, which cannot pass for the beginning', async () => {
    await using runner = startRunner(['--stdio']);
    const hub = runner.hub();
    const first = await runner.connect({ open: async () => hub.open() });
    const feigned = `for i in $(seq 100); do head -c 10000 /dev/zero | tr '\\0' HF; done`;
    const flood = finish(await first.parts.exec(toRequest('flood', shell(feigned))));
    const joined = await runner.connect({ open: async () => hub.open() });
    const { stdout } = await finish(await joined.parts.exec(toRequest('b', ['echo', 'mine'])));
    expect(stdout.toString()).toBe('mine\n');
    expect((await flood).stdout).toHaveLength(1_000_000);
  });

  test('tells a client that the runner does not know so, and it begins anew', async () => {
    await using runner = startRunner(['--stdio']);
    const hub = runner.hub();
    const forgotten = await runner.connect({ open: async () => hub.open() });
    await finish(await forgotten.parts.exec(toRequest('a', ['echo', 'kept'])));
    // The oldest of too many is given up.
    for (let count = 0; count < 64; count += 1) {
      const nonce = Buffer.from(randomBytes(16).toString('hex'));
      hub.open().stream.write(encodePart({ connection: count + 1, place: 0 }, nonce));
    }
    const again = await finish(await forgotten.parts.attach('a'));
    expect(again.stdout.toString()).toBe('kept\n');
  });
});
