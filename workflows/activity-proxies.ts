import {
  proxyActivities,
  proxyLocalActivities,
  ActivityCancellationType,
} from '@temporalio/workflow';
import type { AgentRunActivities } from '../activities/agent-run-types.ts';
import type { Token } from '../contracts/frontier.ts';

/** A dead worker is noticed after this long; the activity heartbeats several times within it. */
const HEARTBEAT_TIMEOUT_MS = 10_000;
/** Local activities wait this long at most before the pause becomes a durable timer. */
const LOCAL_RETRY_THRESHOLD_MS = 5_000;

type Proxies = ReturnType<typeof proxyLocalActivities<AgentRunActivities>>;

/** Journal work in the worker's own process; retried until the journal answers. */
export function lightActivities(summary: string): Proxies {
  return proxyLocalActivities<AgentRunActivities>({
    startToCloseTimeout: 30_000,
    localRetryThreshold: LOCAL_RETRY_THRESHOLD_MS,
    retry: { initialInterval: 200, backoffCoefficient: 2, maximumInterval: 10_000 },
    summary,
  });
}

/** One step as a regular activity: visible to operators, cancellable, retried by its policy. */
export function stepActivities(token: Token): Pick<Proxies, 'runStep'> {
  const { retry } = token;
  return proxyActivities<AgentRunActivities>({
    startToCloseTimeout: token.timeoutMs,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      maximumAttempts: retry.maxAttempts,
      initialInterval: retry.initialIntervalMs,
      backoffCoefficient: retry.backoff,
      maximumInterval: retry.maxIntervalMs,
    },
    summary: token.stepId,
  });
}
