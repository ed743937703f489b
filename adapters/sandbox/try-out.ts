import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_SANDBOX_LIMITS, NO_NETWORK } from '../../contracts/sandbox.ts';
import type { KernelLog } from './denials/kernel-log.ts';
import type { Sandbox, SandboxDriver } from './port.ts';

const TTL_MS = 60_000;
/** How long the kernel's log may take. */
const TOLD_MS = 2_000;
const UNHEARD =
  "refused system calls are not told of: the kernel's log says nothing (it takes few messages at a time, see kernel.printk_ratelimit_burst; Python inside needs _ctypes)";
const DEADLINE_MS = 10_000;
/** What a sandbox must not be able to do, told by itself. */
const SCRIPT = `
grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status | tr '\\t\\n' '  '
tail -n +3 /proc/net/dev | cut -d: -f1 | tr '\\n' ' '
touch /etc/x 2>/dev/null && echo root-writable || echo root-read-only
unshare --user true 2>/dev/null && echo namespaces-OPEN || echo namespaces-closed
python3 -c 'import socket; socket.socket(40, 1)' 2>/dev/null && echo vsock-OPEN || echo vsock-closed
`;

/** A name for something that lives only while it is tried out. */
export function probeName(): string {
  return `probe_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
}

/** Really starts a sandbox, asks it what it can do, and removes it. */
export async function tryOut(
  driver: SandboxDriver,
  kernelLog: Pick<KernelLog, 'reason'>,
): Promise<readonly string[]> {
  const id = probeName();
  const started = performance.now();
  const sandbox = await driver.create({
    ...{ id, workspaceId: 'probe', runId: null, image: 'base' },
    ...{ limits: DEFAULT_SANDBOX_LIMITS, network: NO_NETWORK, ttlMs: TTL_MS, maxTtlMs: TTL_MS },
  });
  try {
    const startedIn = Math.round(performance.now() - started);
    const seen = await outputOf(sandbox);
    return [
      `started a sandbox in ${startedIn} ms; inside: ${seen}`,
      await tellOf(sandbox, kernelLog),
    ];
  } finally {
    await sandbox[Symbol.asyncDispose]();
    await driver.remove(id);
  }
}

/** Whether the namespace that it was refused is heard of. */
async function tellOf(sandbox: Sandbox, { reason }: Pick<KernelLog, 'reason'>): Promise<string> {
  if (reason !== null) return `refused system calls are not told of: ${reason}`;
  const heard = Promise.withResolvers<string>();
  using _listening = sandbox.onDenied(({ call, program }) =>
    heard.resolve(`refused system calls are told of: ${call} by ${program}`),
  );
  return await Promise.race([heard.promise, sleep(TOLD_MS, UNHEARD, { ref: false })]);
}

async function outputOf(sandbox: Sandbox): Promise<string> {
  await using command = await sandbox.exec({
    ...{ commandId: 'probe', argv: ['sh', '-c', SCRIPT] },
    ...{ deadlineMs: DEADLINE_MS, maxOutputBytes: 10_000 },
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of command.output) chunks.push(chunk.bytes);
  const { end } = await command.result;
  return `${Buffer.concat(chunks).toString().trim().replaceAll(/\s+/g, ' ')} (${end})`;
}
