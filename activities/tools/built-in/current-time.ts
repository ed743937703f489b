import { AppError } from '../../../contracts/app-error.ts';
import type { Json } from '../../../contracts/json.ts';
import type { Tool } from '../tool.ts';

const TIMEOUT_MS = 5_000;
const MAX_ZONE_CHARS = 64;

/** The moment in a time zone. Throws `tool.refused` when there is no such zone. */
export function timeIn(timeZone: string, now: Date): Json {
  const options: Intl.DateTimeFormatOptions = {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    weekday: 'long',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  };
  const parts = new Map(
    formatter(options)
      .formatToParts(now)
      .map((p) => [p.type, p.value]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? '';
  const offset = part('timeZoneName').replace('GMT', '') || '+00:00';
  return {
    iso: now.toISOString(),
    local: `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}:${part('second')}${offset}`,
    weekday: part('weekday'),
    timeZone,
  };
}

function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', options);
  } catch (cause) {
    throw new AppError('tool.refused', `there is no time zone ${options.timeZone ?? ''}`, {
      cause,
    });
  }
}

/** A tool that tells the time by the given clock. */
export function createCurrentTimeTool(now: () => Date): Tool {
  return {
    name: 'current_time',
    description: 'Tells the current date and time, in UTC or in a time zone.',
    parameters: {
      type: 'object',
      properties: {
        timeZone: {
          type: 'string',
          maxLength: MAX_ZONE_CHARS,
          description: 'IANA name, for example Europe/Berlin; UTC by default',
        },
      },
      additionalProperties: false,
    },
    effect: 'idempotent',
    timeoutMs: TIMEOUT_MS,
    light: true,
    execute: (args) => {
      const zone = args['timeZone'];
      return Promise.resolve().then(() => timeIn(typeof zone === 'string' ? zone : 'UTC', now()));
    },
  };
}
