import { proxyActivities } from '@temporalio/workflow';
import type { PlainActivities } from './plain-worker-main.ts';

/** As many activities that do nothing as asked, one after the other; what a run is compared with. */
export async function plain(steps: number): Promise<number> {
  const { step } = proxyActivities<PlainActivities>({
    startToCloseTimeout: 60_000,
    heartbeatTimeout: 10_000,
    retry: { maximumAttempts: 3 },
  });
  let n = 0;
  for (let index = 0; index < steps; index += 1) n = await step(n);
  return n;
}
