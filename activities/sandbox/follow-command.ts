import { LIMITS } from '../../contracts/limits.ts';
import { OutputSample } from './output-sample.ts';
import type { Command } from '../../adapters/sandbox/port.ts';
import type { CommandResult, OutputStream } from '../../contracts/sandbox.ts';

/** A command that has ended, with the beginning and the end of what it wrote. */
export interface FollowedCommand {
  readonly result: CommandResult;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Follows a command to its end. Its output goes to `onOutput` while it comes, up to a limit. When the
 * signal aborts, the command is killed with all its descendants before this rejects.
 */
export async function followCommand(
  command: Command,
  options: {
    readonly signal: AbortSignal;
    readonly onOutput: (stream: OutputStream, text: string) => void;
  },
): Promise<FollowedCommand> {
  const { signal, onOutput } = options;
  const kill = (): void => {
    command.signal('SIGKILL').catch(() => undefined);
  };
  // A sandbox that dies fails the output first; this must not count as unhandled then.
  command.result.catch(() => undefined);
  if (signal.aborted) kill();
  signal.addEventListener('abort', kill, { once: true });
  try {
    const samples = { stdout: new OutputSample(), stderr: new OutputSample() };
    const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
    let left: number = LIMITS.commandStreamBytes;
    for await (const { stream, bytes } of command.output) {
      samples[stream].add(bytes);
      if (left <= 0) continue;
      const shown = bytes.subarray(0, left);
      left -= shown.byteLength;
      const text = decoders[stream].decode(shown, { stream: true });
      if (text !== '') onOutput(stream, text);
    }
    const result = await command.result;
    signal.throwIfAborted();
    return { result, stdout: samples.stdout.text(), stderr: samples.stderr.text() };
  } finally {
    signal.removeEventListener('abort', kill);
  }
}
