/** Whether a workspace may ask; `just spent` is said once, until it has its whole allowance again. */
export type Allowance = 'granted' | 'just spent' | 'spent';

interface Bucket {
  readonly left: number;
  readonly at: number;
  readonly told: boolean;
}

const HOUR_MS = 3_600_000;
/** Beyond so many workspaces those that have their whole allowance again are forgotten. */
const KEPT = 1_000;

/**
 * Calls that each workspace may make in an hour, in this process: all at once, or as they grow back.
 * Answers for one call of one workspace, and counts it.
 */
export function createAllowance(
  perHour: number,
  now: () => number,
): (workspaceId: string) => Allowance {
  const buckets = new Map<string, Bucket>();
  const refilled = (bucket: Bucket | undefined, at: number): Bucket => {
    if (bucket === undefined) return { left: perHour, at, told: false };
    const left = Math.min(perHour, bucket.left + ((at - bucket.at) * perHour) / HOUR_MS);
    return { left, at, told: bucket.told && left < perHour };
  };
  return (workspaceId) => {
    const at = now();
    const { left, told } = refilled(buckets.get(workspaceId), at);
    const isGranted = left >= 1;
    buckets.set(workspaceId, { left: isGranted ? left - 1 : left, at, told: told || !isGranted });
    if (buckets.size > KEPT) {
      for (const [id, bucket] of buckets) {
        if (refilled(bucket, at).left >= perHour) buckets.delete(id);
      }
    }
    if (isGranted) return 'granted';
    return told ? 'spent' : 'just spent';
  };
}
