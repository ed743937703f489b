import type { EgressProxy } from '../../adapters/sandbox/egress/proxy.ts';
import type { SandboxDriver } from '../../adapters/sandbox/port.ts';
import type { SecretsOf } from '../../adapters/sandbox/docker/egress-gates.ts';
import { commandTests } from './suite/commands.ts';
import { denialTests } from './suite/denials.ts';
import { escapeTests, folderTests } from './suite/escapes.ts';
import { fileTests } from './suite/files.ts';
import { lifeTests } from './suite/life.ts';
import { limitTests } from './suite/limits.ts';
import { networkTests } from './suite/network.ts';
import { describeUnless } from '../harness/not-run.ts';

/** Drivers of one level that see the same sandboxes; disposing of it leaves none behind. */
export interface SuiteBench extends AsyncDisposable {
  /** Another driver, as another process would have. */
  open(options?: { readonly egress?: EgressProxy; readonly secretsOf?: SecretsOf }): SandboxDriver;
}

/** A level to hold against the port. */
export interface SuiteLevel {
  readonly title: string;
  /** Why it cannot be tried here. */
  readonly reason: string | null;
  /** Why limits of a sandbox as a whole cannot be tried here. */
  readonly noTotals: string | null;
  /** Why a sandbox's user owns its folder of sockets here. */
  readonly ownFolder: string | null;
  /** Why nothing is told of refused calls here. */
  readonly noDenials: string | null;
  readonly openBench: () => Promise<SuiteBench>;
}

/** What every driver of sandboxes promises. */
export function describeDriver(level: SuiteLevel): void {
  const { title, reason, openBench } = level;
  describeUnless(reason, `${title}: a sandbox's life`, () => lifeTests(openBench));
  describeUnless(reason, `${title}: a command`, () => commandTests(openBench));
  describeUnless(reason, `${title}: the files of a sandbox`, () => fileTests(openBench));
  describeUnless(reason, `${title}: the network of a sandbox`, () => networkTests(openBench));
  describeUnless(reason, `${title}: code in a sandbox`, () => escapeTests(openBench));
  const open = reason ?? level.ownFolder;
  describeUnless(open, `${title}: the folder of a sandbox`, () => folderTests(openBench));
  const untold = reason ?? level.noDenials;
  describeUnless(untold, `${title}: a refused call`, () => denialTests(openBench));
  const unlimited = reason ?? level.noTotals;
  describeUnless(unlimited, `${title}: a limit of a sandbox`, () => limitTests(openBench));
}
