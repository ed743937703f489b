import { parseArgs } from 'node:util';
import { AppError } from '../contracts/app-error.ts';
import type { ProcessRole } from './holdfast-process.ts';

/** What the command line asks for. */
export interface StartOptions {
  readonly help: boolean;
  /** Roles of this process; both unless `--only` names one. */
  readonly roles: readonly ProcessRole[];
  readonly demo: boolean;
  /** The API's port if the command line names one. */
  readonly port: number | null;
}

/** What `npm start -- --help` prints. */
export const USAGE = `Usage: npm start -- [options]
  --only api|worker   run one part; it joins the installation of the same state folder if one
                      runs, else uses DATABASE_URL and TEMPORAL_ADDRESS or starts what is missing
  --port N            port of the API (7400, or the next free one)
  --no-demo           no demo agents
  --help              print this`;

const MAX_PORT = 65_535;

/** Reads the command line; throws a sentence when something in it makes no sense. */
export function parseStartOptions(args: readonly string[]): StartOptions {
  const { values } = parseOrExplain(args);
  return {
    help: values.help === true,
    roles: toRoles(values.only),
    demo: values.demo !== false && values.only === undefined,
    port: toPort(values.port),
  };
}

function parseOrExplain(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowNegative: true,
      options: {
        only: { type: 'string' },
        port: { type: 'string' },
        demo: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('request.invalid', `${reason}\n${USAGE}`, { cause });
  }
}

function toRoles(only: string | undefined): readonly ProcessRole[] {
  if (only === undefined) return ['api', 'worker'];
  if (only === 'api' || only === 'worker') return [only];
  throw new AppError('request.invalid', `--only is "${only}"; use api or worker.`);
}

function toPort(text: string | undefined): number | null {
  if (text === undefined) return null;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= MAX_PORT) return port;
  throw new AppError('request.invalid', `--port is "${text}"; use a number from 0 to ${MAX_PORT}.`);
}
