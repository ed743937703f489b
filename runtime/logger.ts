import { pino, type Logger } from 'pino';

export type { Logger } from 'pino';

/** Paths whose values never reach a log line. */
const SECRET_PATHS = [
  'authorization',
  'headers.authorization',
  'headers["x-api-key"]',
  'req.headers.authorization',
  'req.headers["x-api-key"]',
  'apiKey',
  '*.apiKey',
  'password',
  '*.password',
  'databaseUrl',
  '*.databaseUrl',
];

/** JSON lines on standard error, so that standard output stays for people and scripts. */
export function createLogger(level: string, name: string): Logger {
  return pino(
    { level, name, redact: { paths: SECRET_PATHS, censor: '[secret]' } },
    pino.destination({ dest: 2, sync: false }),
  );
}
