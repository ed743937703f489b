/** One dispatched event of a `text/event-stream`. */
export interface SseFrame {
  /** `message` when the stream names none. */
  readonly event: string;
  readonly data: string;
  /** The newest id the stream has given, which is not always this frame's own; empty at first. */
  readonly lastId: string;
}

/** Turns text, in pieces of any size, into frames. */
export interface SseParser {
  push(text: string): readonly SseFrame[];
}

interface Fields {
  event: string;
  data: string[];
}

const BYTE_ORDER_MARK = '\uFEFF';

/** A parser as the HTML standard describes it. Unfinished frames at the end are never dispatched. */
export function createSseParser(): SseParser {
  const takeLines = createLineSplitter();
  let fields: Fields = { event: '', data: [] };
  let lastId = '';

  const dispatch = (): SseFrame | null => {
    const { event, data } = fields;
    fields = { event: '', data: [] };
    if (data.length === 0) return null;
    return { event: event === '' ? 'message' : event, data: data.join('\n'), lastId };
  };

  const readField = (line: string): void => {
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const raw = colon === -1 ? '' : line.slice(colon + 1);
    const value = raw.startsWith(' ') ? raw.slice(1) : raw;
    if (name === 'data') fields.data.push(value);
    else if (name === 'event') fields.event = value;
    else if (name === 'id' && !value.includes('\0')) lastId = value;
  };

  return {
    push: (text) => {
      const frames: SseFrame[] = [];
      for (const line of takeLines(text)) {
        if (line === '') {
          const frame = dispatch();
          if (frame !== null) frames.push(frame);
        } else {
          readField(line);
        }
      }
      return frames;
    },
  };
}

/** Splits at CR, LF and CRLF; a CRLF cut between two pieces counts once. */
function createLineSplitter(): (text: string) => readonly string[] {
  let rest = '';
  let atStart = true;
  let skipLineFeed = false;

  return (text) => {
    if (text === '') return [];
    let piece = text;
    if (atStart && piece.startsWith(BYTE_ORDER_MARK)) piece = piece.slice(1);
    atStart = false;
    if (skipLineFeed && piece.startsWith('\n')) piece = piece.slice(1);
    skipLineFeed = text.endsWith('\r');
    // Only the new piece is searched: a long line in many pieces stays linear.
    const lines = piece.split(/\r\n|\r|\n/);
    const first = lines[0] ?? '';
    lines[0] = rest + first;
    rest = lines.pop() ?? '';
    return lines;
  };
}
