import { createFileStore, type FileStore } from '../../db/stores/file-store.ts';
import { createRunSandboxes, type RunSandboxes } from '../../activities/sandbox/run-sandboxes.ts';
import { createSandboxStore, type SandboxStore } from '../../db/stores/sandbox-store.ts';
import { createStores, createTenant, type Tenant } from '../db/fixtures.ts';
import { DEFAULT_SANDBOX_POLICY } from '../../contracts/sandbox.ts';
import { freshSchema } from '../harness/postgres.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { RunSandboxesDeps, SandboxWork } from '../../activities/sandbox/run-sandboxes.ts';
import type { SandboxDriver } from '../../adapters/sandbox/port.ts';

/** Sandboxes of runs in a schema of their own. */
export interface RunSandboxesBench {
  readonly tenant: Tenant;
  readonly files: FileStore;
  readonly store: SandboxStore;
  /** What they have warned of. */
  readonly warnings: readonly string[];
  /** One process's sandboxes on these drivers. */
  readonly open: (
    drivers: readonly SandboxDriver[],
    more?: Partial<RunSandboxesDeps>,
  ) => RunSandboxes;
  readonly pathsOf: (run: RunRef) => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

/** Makes one. */
export async function openRunSandboxesBench(): Promise<RunSandboxesBench> {
  const schema = await freshSchema();
  const tenant = await createTenant(createStores(schema.database));
  const files = createFileStore(schema.database);
  const store = createSandboxStore(schema.database);
  const warnings: string[] = [];
  return {
    ...{ tenant, files, store, warnings },
    open: (drivers, more = {}) =>
      createRunSandboxes({
        ...{ drivers, files, sandboxes: store, host: 'here' },
        minLevel: async () => 'process',
        warn: (sentence) => warnings.push(sentence),
        ...more,
      }),
    pathsOf: async ({ workspaceId, runId }) => {
      const { entries } = await files.manifest({ workspaceId, spaceId: runId });
      return entries.map(({ path }) => path);
    },
    close: () => schema.drop(),
  };
}

/** A command of a run. */
export function workOf(
  run: RunRef,
  commandId = 'c1',
  argv: readonly string[] = ['work'],
): SandboxWork {
  return {
    ...run,
    stepId: 'step',
    actor: 'test@1',
    policy: DEFAULT_SANDBOX_POLICY,
    image: 'python',
    commandId,
    argv,
    deadlineMs: 10_000,
    signal: new AbortController().signal,
    onOutput: () => undefined,
  };
}
