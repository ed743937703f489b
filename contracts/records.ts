import type { AgentSpec, ExecutableGraph } from './agent-spec.ts';
import type { AgentStatus, Role, RunStatus, StepStatus } from './status.ts';
import type { Failure } from './app-error.ts';
import type { Message } from './message.ts';
import type { Plan } from './plan.ts';
import type { StepOutcome, Usage } from './step.ts';
import type { Value } from './blob.ts';

/** Who calls: the API key behind a request. */
export interface Principal {
  readonly apiKeyId: string;
  readonly workspaceId: string;
  readonly role: Role;
}

/** A named thing people run. Times here and below are ISO 8601. */
export interface Agent {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly description: string;
  readonly status: AgentStatus;
  /** Label to version id; `latest` always points at the newest version. */
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** An immutable version of an agent. */
export interface AgentVersion {
  readonly id: string;
  readonly workspaceId: string;
  readonly agentId: string;
  /** 1, 2, 3 … in the order of creation. */
  readonly number: number;
  /** Semantic version if the author gave one, else the number as text. */
  readonly version: string;
  readonly changelog: string;
  readonly spec: AgentSpec;
  readonly createdAt: string;
}

/** A version with what the service derived from it when it was made. */
export interface CompiledVersion extends AgentVersion {
  readonly agentName: string;
  readonly plan: Plan;
  readonly graph: ExecutableGraph;
}

/** A conversation, locked to the agent version it began with. */
export interface Thread {
  readonly id: string;
  readonly workspaceId: string;
  readonly agentId: string;
  readonly versionId: string;
  /** Whom it serves. */
  readonly userId: string | null;
  readonly title: string;
  readonly createdAt: string;
}

/** A stored entry of a thread; `position` counts 1..n. */
export interface ThreadMessage {
  readonly id: string;
  readonly threadId: string;
  readonly runId: string | null;
  readonly position: number;
  readonly message: Message;
  readonly createdAt: string;
}

/** One execution of an agent version. */
export interface Run {
  readonly id: string;
  readonly workspaceId: string;
  readonly agentId: string;
  readonly agentName: string;
  readonly versionId: string;
  readonly version: string;
  readonly threadId: string | null;
  /** Whom it serves: whose memories it sees and adds to. */
  readonly userId: string | null;
  readonly status: RunStatus;
  readonly input: Value;
  /** Present once the run has succeeded. */
  readonly output: Value | null;
  /** Present once the run has failed. */
  readonly error: Failure | null;
  readonly usage: Usage;
  readonly openHumanTasks: number;
  readonly lastEventSeq: number;
  readonly cancelRequested: boolean;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

/** One execution of one node, as the journal keeps it. */
export interface StepRecord {
  readonly runId: string;
  readonly stepId: string;
  readonly epoch: number;
  readonly nodeId: string;
  readonly op: 'node' | 'call';
  readonly visit: number;
  readonly key: string;
  readonly status: StepStatus;
  readonly attempt: number;
  readonly outcome: StepOutcome | null;
  readonly result: Value | null;
  readonly error: Failure | null;
  readonly usage: Usage;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Number of the event that came with its end: the order in which steps finished. */
  readonly seq?: number | null;
}

/** State of a run after a step; `seq` is the number of the event that came with it. */
export interface Checkpoint {
  readonly runId: string;
  readonly seq: number;
  readonly stepId: string;
  readonly key: string;
  readonly epoch: number;
  readonly createdAt: string;
}
