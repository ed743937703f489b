/**
 * Words that questions and answers share whatever they are about. Wide on purpose: in the short turns
 * of a conversation a pronoun or a question word that stays pulls up turns of no relation. `may` stays in: it is a month.
 */
const STOP_WORDS: ReadonlySet<string> = new Set(
  `a an the this that these those
   and or but nor so if then than because while until though although
   of in on at by for with from to into onto about over under between through during before after
   above below up down out off again further as per via
   i me my mine myself we us our ours ourselves you your yours yourself yourselves
   he him his himself she her hers herself it its itself they them their theirs themselves
   what which who whom whose when where why how
   am is are was were be been being have has had having do does did doing done
   can could will would shall should might must ought
   not no yes there here just also too very only own same such some any each both all
   more most other few get got let`.split(/\s+/),
);

const NEGATED: ReadonlySet<string> = new Set(
  'don doesn didn isn aren wasn weren haven hasn hadn won wouldn can couldn shouldn mustn ain'.split(
    ' ',
  ),
);

/** True for a lower-case token that no index keeps; knows contractions too, as in `we've`, `don't`. */
export function isStopWord(token: string): boolean {
  if (STOP_WORDS.has(token)) return true;
  const apostrophe = token.indexOf("'");
  if (apostrophe < 0) return false;
  const word = token.slice(0, apostrophe);
  return token.slice(apostrophe + 1) === 't' ? NEGATED.has(word) : STOP_WORDS.has(word);
}
