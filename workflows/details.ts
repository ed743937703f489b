import type { Frontier, Token } from '../contracts/frontier.ts';
import type { RunAgent } from '../activities/agent-run-types.ts';

const MAX_LISTED = 30;

function lineOf(token: Token): string {
  if (token.waitingFor === undefined) return `- \`${token.stepId}\``;
  const { taskId, deadlineAt } = token.waitingFor;
  const until = deadlineAt === null ? '' : ` until ${new Date(deadlineAt).toISOString()}`;
  return `- \`${token.stepId}\` waits for a person: \`${taskId}\`${until}`;
}

/** What an operator reads about the run in Temporal's UI, in Markdown. */
export function describeRun(args: {
  readonly agent: Pick<RunAgent, 'name' | 'version'>;
  readonly workspaceId: string;
  readonly frontier: Frontier;
  readonly lastSegment: readonly string[];
}): string {
  const { agent, frontier, lastSegment } = args;
  const listed = frontier.tokens.slice(0, MAX_LISTED).map(lineOf);
  const segment = lastSegment.slice(-MAX_LISTED).map((id) => `\`${id}\``);
  return [
    `**${agent.name}** version **${agent.version}**, workspace \`${args.workspaceId}\``,
    `${frontier.steps} steps, ${frontier.used.modelCalls} model calls, ${frontier.used.toolCalls} tool calls`,
    ...(listed.length > 0 ? ['', 'Now:', ...listed] : []),
    ...(segment.length > 0 ? ['', `Last segment ran: ${segment.join(' → ')}`] : []),
  ].join('\n');
}
