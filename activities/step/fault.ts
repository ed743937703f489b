/** One error of a chain of causes. Its message is left out: it may quote arguments and results. */
export interface FaultCause {
  readonly name: string;
  /** As in `ECONNREFUSED`. */
  readonly code?: string;
  /** Where it was thrown, innermost first. */
  readonly frames: readonly string[];
}

/** Something that broke although no failure of ours was thrown: for operators, never for a run. */
export interface Fault {
  readonly workspaceId: string;
  readonly runId: string;
  readonly stepId: string;
  /** The tool that broke; absent where the node itself did. */
  readonly tool?: string;
  /** The error, what caused it, what caused that. */
  readonly causes: readonly FaultCause[];
}

const MAX_CAUSES = 5;
const MAX_FRAMES = 10;
const PLAIN_NAME = /^\w{1,64}$/;

/** What may be told of an error and its causes. */
export function causesOf(error: unknown): readonly FaultCause[] {
  const causes: FaultCause[] = [];
  for (
    let current = error;
    current !== undefined && current !== null && causes.length < MAX_CAUSES;
    current = current instanceof Error ? current.cause : undefined
  ) {
    causes.push(causeOf(current));
  }
  return causes;
}

function causeOf(error: unknown): FaultCause {
  if (!(error instanceof Error)) return { name: typeof error, frames: [] };
  const code = 'code' in error ? error.code : undefined;
  return {
    name: PLAIN_NAME.test(error.name) ? error.name : 'Error',
    ...(typeof code === 'string' && PLAIN_NAME.test(code) ? { code } : {}),
    frames: framesOf(error),
  };
}

/** A stack begins with the message, which may have lines that look like frames. */
function framesOf({ stack = '', message }: Error): readonly string[] {
  const at = stack.indexOf(message);
  // A message that was changed after the stack was made cannot be told from frames.
  if (at === -1) return [];
  const frames = stack.slice(at + message.length).split('\n');
  return frames
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '))
    .slice(0, MAX_FRAMES);
}
