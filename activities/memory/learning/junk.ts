const MIN_WORDS = 3;
/** A text of which less than this share is letters and spaces is machine output. */
const PROSE_SHARE = 0.6;

const SMALL_TALK =
  /^(?:ok(?:ay)?|yes|no|thanks?(?: you)?|thank you(?: very much)?|hi|hello|hey|bye|sure|great|please|good (?:morning|evening|night))[\s.!,]*$/iu;
const MACHINE =
  /^\s*(?:\{[\s\S]*\}|\[[\s\S]*\]|<\?xml[\s\S]*|(?:system|developer)\s*(?:prompt|message)?:[\s\S]*)\s*$/iu;

/** Why a text is not worth remembering: machine state, instructions, small talk; null if it is. */
export function junkReason(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed === '') return 'it is empty';
  if (SMALL_TALK.test(trimmed)) return 'it is small talk';
  if (MACHINE.test(trimmed)) return 'it is the state or the instructions of a machine';
  if (trimmed.split(/\s+/u).length < MIN_WORDS) return 'it says too little';
  const prose = trimmed.match(/[\p{L}\s]/gu)?.length ?? 0;
  return prose / trimmed.length < PROSE_SHARE ? 'it is no prose' : null;
}
