import { randomBytes } from 'node:crypto';
import { DOUBLE_SERVER, prepareEngine } from '../../scripts/qdrant-double/engine.ts';
import { startProcess } from '../harness/processes.ts';

/** What tests of Qdrant run against, in words for their titles. */
export interface QdrantUnderTest {
  /** `real server`, or `double with the engine of qdrant-edge`. */
  readonly what: string;
  /** Why there is none. */
  readonly lacking: string | null;
  /** Starts it, if it has to be. */
  start(): Promise<RunningQdrant>;
}

/** A server that answers. */
export interface RunningQdrant extends AsyncDisposable {
  readonly url: string;
  readonly apiKey: string | null;
}

/** A real server where `QDRANT_URL` names one; else ours over Qdrant's engine, where Python runs it. */
export async function findQdrant(): Promise<QdrantUnderTest> {
  const url = process.env['QDRANT_URL'] ?? '';
  if (url !== '') {
    const apiKey = process.env['QDRANT_API_KEY'] ?? null;
    const close = async (): Promise<void> => undefined;
    const start = async (): Promise<RunningQdrant> => ({
      url,
      apiKey,
      [Symbol.asyncDispose]: close,
    });
    return { what: 'real server', lacking: null, start };
  }
  const what = 'double with the engine of qdrant-edge';
  try {
    const python = await prepareEngine(process.env);
    return { what, lacking: null, start: () => startDouble(python) };
  } catch (error) {
    const [reason = ''] = String(error).split('\n');
    const lacking = `set QDRANT_URL, or give this machine Python 3 and pip: ${reason}`;
    return { what, lacking, start: () => Promise.reject(new Error(lacking)) };
  }
}

async function startDouble(python: string): Promise<RunningQdrant> {
  const apiKey = randomBytes(16).toString('hex');
  const { process: running, value: port } = await startProcess({
    program: python,
    file: DOUBLE_SERVER,
    args: ['--api-key', apiKey],
    env: { PYTHONDONTWRITEBYTECODE: '1' },
    ready: (line) => /^ready (\d+)$/.exec(line)?.[1] ?? null,
  });
  return {
    url: `http://127.0.0.1:${port}`,
    apiKey,
    [Symbol.asyncDispose]: () => running.stop(),
  };
}
