import { createDockerDriver } from '../../adapters/sandbox/docker/docker-driver.ts';
import { createEgressProxy } from '../../adapters/sandbox/egress/proxy.ts';
import { createSandboxPool } from '../../adapters/sandbox/pool/sandbox-pool.ts';
import { shell, specOf } from '../sandbox/docker-fixture.ts';
import { until } from '../harness/until.ts';
import type { SandboxSpec } from '../../adapters/sandbox/port.ts';

interface Order {
  readonly socketPath: string;
  readonly socketFolder: string;
  readonly installation: string;
  /** Each is made, gets a file and a command that goes on. */
  readonly specs: readonly Partial<SandboxSpec>[];
  /** Waits until that many more are kept warm. */
  readonly warm: number;
}

/** A process that makes sandboxes, keeps some warm, says so, and waits for its end. */
const { socketPath, socketFolder, installation, specs, warm } = JSON.parse(
  process.argv[2] ?? '',
) as Order;
const warn = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
const driver = createDockerDriver({
  ...{ socketFolder, installation, warn },
  egress: createEgressProxy(),
  docker: { socketPath },
});
const pool = createSandboxPool({ driver, most: warm, warn });
for (const changes of specs) {
  const sandbox = await pool.create(specOf(changes));
  await shell(sandbox, 'echo mine > note');
  await sandbox.exec({
    ...{ commandId: 'goes-on', argv: ['sleep', '600'] },
    ...{ deadlineMs: 600_000, maxOutputBytes: 1_000 },
  });
}
await until('warm sandboxes', () => pool.metrics().warm >= warm);
process.stdout.write(`${JSON.stringify({ isReady: true })}\n`);
setInterval(() => undefined, 60_000);
