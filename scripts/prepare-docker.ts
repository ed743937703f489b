/**
 * Prepares Docker for a test run while it is busy with tests that need none: a daemon with all images
 * of sandboxes. What it does goes to its standard output.
 */
import { setPriority } from 'node:os';
import { SANDBOX_IMAGES } from '../contracts/sandbox.ts';
import {
  STATE_VARIABLE,
  closeDockerState,
  isAbandoned,
  prepareDocker,
} from './test-docker/prepared-docker.ts';

/** Tests go first: they leave enough of the processors for what is needed at their end. */
const NICE = 5;

const file = process.env[STATE_VARIABLE];
if (file === undefined) throw new Error('npm test runs this');

setPriority(NICE);

function say(line: string): void {
  process.stdout.write(`${performance.now().toFixed(0).padStart(7)} ms  ${line}\n`);
}

try {
  const answer = await prepareDocker(file, SANDBOX_IMAGES, say);
  say(answer.kind === 'usable' ? `ready at ${answer.socketPath}` : answer.reason);
} catch (error) {
  say(`failed: ${error instanceof Error ? error.message : String(error)}`);
}
if (isAbandoned(file)) await closeDockerState(file);
