import { until } from '../harness/until.ts';

/** One frame of a stream of events; comments are left out. */
export interface Frame {
  readonly id?: string;
  readonly event: string;
  readonly data: string;
}

/** Ids of the frames that have one. */
export function idsOf(frames: readonly Frame[]): string[] {
  return frames.flatMap(({ id }) => (id === undefined ? [] : [id]));
}

/** `1`, `2` … `n`. */
export function idsTo(n: number): string[] {
  return Array.from({ length: n }, (_, index) => String(index + 1));
}

/** A stream that a test reads. */
export interface OpenStream {
  readonly headers: Headers;
  /** All bytes so far. */
  text(): string;
  /** All frames, once the condition holds. */
  until(condition: (frames: readonly Frame[]) => boolean): Promise<readonly Frame[]>;
  /** All frames, once the service has ended the stream. */
  toEnd(): Promise<readonly Frame[]>;
  close(): void;
}

/** Opens a stream of events and reads it in the background. */
export async function openStream(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<OpenStream> {
  const stop = new AbortController();
  const response = await fetch(url, {
    headers: { accept: 'text/event-stream', ...headers },
    signal: stop.signal,
  });
  if (response.status !== 200 || response.body === null) throw new Error(await response.text());
  const { body } = response;
  let text = '';
  const reading = (async () => {
    for await (const piece of body.pipeThrough(new TextDecoderStream())) text += piece;
  })();
  reading.catch(() => undefined);
  const frames = (): readonly Frame[] => parse(text);
  return {
    headers: response.headers,
    text: () => text,
    close: () => {
      stop.abort();
    },
    until: async (condition) => {
      await until('frames', () => condition(frames()), 20_000);
      return frames();
    },
    toEnd: async () => {
      await reading;
      return frames();
    },
  };
}

function parse(text: string): readonly Frame[] {
  const blocks = text.split('\n\n').slice(0, -1);
  return blocks
    .filter((block) => !block.startsWith(':'))
    .map((block) => {
      const fields = new Map(
        block.split('\n').map((line) => {
          const at = line.indexOf(': ');
          return [line.slice(0, at), line.slice(at + 2)] as const;
        }),
      );
      const id = fields.get('id');
      return {
        ...(id === undefined ? {} : { id }),
        event: fields.get('event') ?? '',
        data: fields.get('data') ?? '',
      };
    });
}
