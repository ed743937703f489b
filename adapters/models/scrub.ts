import type { ModelRequest } from './port.ts';

const MAX_CHARS = 300;
/** Shorter texts of a request occur in sentences by chance. */
const SHORTEST_ECHO = 8;

const SECRET_SHAPES = [
  /\b(?:sk|pk|rk|gsk|xai|hf|r8|key)[-_][\w*.-]{4,}/gi,
  /\bAIza[\w*-]{4,}/g,
  /\bBearer\s+[^\s,;"']+/gi,
  /\b(?:(?:x-)?(?:goog-)?api[-_]?key|authorization|token)["']?\s*[:=]\s*["']?[^\s,;"'&]+/gi,
];

/** Makes a vendor's words fit to be stored and shown. */
export type Scrubber = (text: string) => string;

/** A scrubber that removes these secrets, anything shaped like one, and echoes of the request. */
export function createScrubber(secrets: readonly string[], request: ModelRequest): Scrubber {
  return createTextScrubber(secrets, textsOf(request));
}

/** The same for a request that consists of these texts. */
export function createTextScrubber(secrets: readonly string[], texts: readonly string[]): Scrubber {
  const echoes = texts.flatMap(echoesOf).sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const secret of secrets) {
      if (secret !== '') clean = clean.replaceAll(secret, '[secret]');
    }
    for (const echo of echoes) clean = clean.replaceAll(echo, '[request]');
    clean = clean.replace(/\bhttps?:\/\/[^\s"')]+/gi, withoutSecrets);
    for (const shape of SECRET_SHAPES) clean = clean.replace(shape, '[secret]');
    clean = clean.replace(/\s+/g, ' ').trim();
    return clean.length > MAX_CHARS ? `${clean.slice(0, MAX_CHARS)}…` : clean;
  };
}

function textsOf(request: ModelRequest): readonly string[] {
  const texts = [request.instructions, ...request.messages.map(({ content }) => content)];
  for (const message of request.messages) {
    if (message.role !== 'assistant') continue;
    for (const call of message.toolCalls) texts.push(JSON.stringify(call.arguments));
  }
  return texts;
}

/** The forms in which a text of the request may come back. */
function echoesOf(text: string): readonly string[] {
  return [text, text.trim(), JSON.stringify(text).slice(1, -1)].filter(
    (form) => form.length >= SHORTEST_ECHO,
  );
}

/** Addresses may hold a password or a key. */
function withoutSecrets(address: string): string {
  const url = URL.parse(address);
  return url === null ? '[address]' : `${url.origin}${url.pathname}`;
}
