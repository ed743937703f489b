/** What Temporal tells of a worker that polls. */
export interface PollerInfo {
  readonly identity?: string | null;
  readonly lastAccessTime?: { readonly seconds?: { toString(): string } | null } | null;
}

/** A poll waits a minute at most, so that a working worker is seen twice within this time. */
const LATELY_MS = 120_000;

/** True when a worker of that host has begun to poll within the last two minutes. */
export function hasPolledLately(
  pollers: readonly PollerInfo[] | null | undefined,
  host: string,
  now: number,
): boolean {
  return (pollers ?? []).some(({ identity, lastAccessTime }) => {
    const seconds = Number(lastAccessTime?.seconds?.toString() ?? 0);
    // The SDK's identity is process@host.
    return identity?.endsWith(`@${host}`) === true && now - seconds * 1_000 <= LATELY_MS;
  });
}
