import { type Client, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';

/** Statuses of workflows that do nothing any more. */
const CLOSED = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT'] as const;
type Closed = (typeof CLOSED)[number];

const CALL_DEADLINE_MS = 10_000;
const MAX_REASON_CHARS = 500;

/** Tells what became of the run's workflow, in a sentence; null while it is open. */
export type FindClosed = (runId: string) => Promise<string | null>;

/** Asks Temporal. Rejects when it does not answer: then nothing is known. */
export function createFindClosed(client: Client): FindClosed {
  return (runId) =>
    client.connection.withDeadline(Date.now() + CALL_DEADLINE_MS, () => findClosed(client, runId));
}

async function findClosed(client: Client, runId: string): Promise<string | null> {
  try {
    const { status, runId: executionId } = await client.workflow.getHandle(runId).describe();
    const closed = CLOSED.find((name) => name === status.name);
    if (closed === undefined) return null;
    return sentenceOf(closed, await reasonOf(client, { runId, executionId }));
  } catch (error) {
    // The namespace is there, so it is this workflow that Temporal does not know.
    if (error instanceof WorkflowNotFoundError)
      return 'Temporal does not know its workflow any more';
    throw error;
  }
}

/** Why it closed, in the words of whoever ended it; null for workflows that ended well. */
async function reasonOf(
  client: Client,
  of: { readonly runId: string; readonly executionId: string },
): Promise<string | null> {
  try {
    await client.workflow.getHandle(of.runId, of.executionId, { followRuns: false }).result();
    return null;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return error.cause?.message ?? error.message;
  }
}

/** A sentence on what Temporal reports. */
export function sentenceOf(status: Closed, reason: string | null): string {
  const words = (reason ?? '').replaceAll(/\s+/g, ' ').trim();
  const short = words.length > MAX_REASON_CHARS ? `${words.slice(0, MAX_REASON_CHARS)}…` : words;
  const because = short === '' ? '' : `: ${short}`;
  switch (status) {
    case 'COMPLETED':
      return 'its workflow completed without recording an end';
    case 'CANCELLED':
      return 'its workflow was cancelled without recording an end';
    case 'TIMED_OUT':
      return 'its workflow timed out';
    case 'FAILED':
      return `its workflow failed${because}`;
    case 'TERMINATED':
      return `its workflow was terminated${because}`;
  }
}
