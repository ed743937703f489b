import { durationMs, type HeaderReader } from './retry-after.ts';

/** What any vendor's library says about a failure, in one shape. */
export interface VendorFault {
  readonly status: number | null;
  readonly header: HeaderReader;
  /** Codes and types: the vendor's, the network's, the class names. */
  readonly codes: ReadonlySet<string>;
  /** The vendor's own sentence; empty when there is none. */
  readonly message: string;
  /** Wait stated in the body instead of a header. */
  readonly bodyRetryAfterMs: number | undefined;
}

/** The failure behind whatever a vendor's library threw. Libraries' classes differ: it reads fields. */
export function readFault(error: unknown): VendorFault {
  const chain = causes(error);
  const bodies = chain.flatMap((link) => bodiesOf(link));
  const status = firstNumber(chain.flatMap((link) => [link['status'], link['status_code']]));
  return {
    status,
    header: headerReader(chain.map((link) => link['headers'])),
    codes: new Set(codesOf(chain, bodies)),
    message: messageOf(chain, bodies, status),
    bodyRetryAfterMs: detailsOf(chain)
      .map((detail) => detail['retryDelay'])
      .filter((delay) => typeof delay === 'string')
      .map(durationMs)
      .find((delay) => delay !== undefined),
  };
}

type Fields = Readonly<Record<string, unknown>>;

const LONGEST_CHAIN = 5;

function causes(error: unknown): readonly Fields[] {
  const chain: Fields[] = [];
  let link = error;
  while (isFields(link) && chain.length < LONGEST_CHAIN) {
    chain.push(link);
    link = link['cause'];
  }
  return chain;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** OpenAI's library keeps the inner error, Anthropic's the whole body with the error inside. */
function bodiesOf(link: Fields): readonly Fields[] {
  const body = link['error'];
  if (!isFields(body)) return [];
  return isFields(body['error']) ? [body['error'], body] : [body];
}

function detailsOf(chain: readonly Fields[]): readonly Fields[] {
  return chain.flatMap((link) => {
    const details = link['errorDetails'];
    return Array.isArray(details) ? details.filter(isFields) : [];
  });
}

function codesOf(chain: readonly Fields[], bodies: readonly Fields[]): readonly string[] {
  const fields = [...chain, ...bodies].flatMap((link) => [link['code'], link['type']]);
  const names = chain.flatMap((link) => [link['name'], link.constructor.name]);
  const reasons = detailsOf(chain).map((detail) => detail['reason']);
  return [...fields, ...names, ...reasons].filter((code) => typeof code === 'string');
}

/**
 * The vendor's sentence. A body of unknown shape is never printed: servers that refuse a request like
 * to quote it.
 */
function messageOf(
  chain: readonly Fields[],
  bodies: readonly Fields[],
  status: number | null,
): string {
  const stated = bodies.map((body) => body['message']).find((text) => typeof text === 'string');
  if (stated !== undefined) return stated;
  const plain = chain.map((link) => link['error']).find((text) => typeof text === 'string');
  if (plain !== undefined) return plain;
  const thrown =
    chain.map((link) => link['message']).find((text) => typeof text === 'string') ?? '';
  const google =
    /^\[GoogleGenerativeAI Error\]: (?:Error fetching from \S+: )?(?:\[\d+ [^\]]*\] )?(.*)$/s;
  const match = google.exec(thrown);
  if (match?.[1] !== undefined) return match[1].replace(/ \[\{"@type".*$/s, '');
  return status === null ? thrown : '';
}

function headerReader(candidates: readonly unknown[]): HeaderReader {
  const headers = candidates.find((candidate) => candidate instanceof Headers);
  return (name) => headers?.get(name) ?? null;
}

function firstNumber(values: readonly unknown[]): number | null {
  return values.find((value) => typeof value === 'number') ?? null;
}
