import type { SandboxDeath } from '../port.ts';
import type { DriverParts } from './parts.ts';

/** Removes a container and its folder; the reason is on record before anybody can see it die. */
export async function removeSandbox(
  parts: Pick<DriverParts, 'folders' | 'containers' | 'gates' | 'ways'>,
  key: string,
  death: SandboxDeath,
): Promise<void> {
  const record = await parts.folders.read(key);
  await parts.folders.bury(key, death);
  await parts.gates.close(key);
  // Before the container: once its name is free, the folder may be another sandbox's.
  await parts.folders.removeFolder(key);
  await parts.containers.remove(key);
  if (record?.transport === 'attach') await parts.ways.close(key);
}
