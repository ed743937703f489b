/**
 * The English stemmer of the Snowball project (Porter 2), written from its public description. While a
 * word is worked on, `Y` stands for a `y` that is a consonant.
 */
const VOWEL = /[aeiouy]/;
const REGION = /[aeiouy][^aeiouy]/g;
const LONG_PREFIX = /^(?:arsen|commun|emerg|gener|inter|later|organ|past|univers)/;
const SHORT_END = /(?:[^aeiouy][aeiouy][^aeiouywxY]|^[aeiouy][^aeiouy]|past)$/;

const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ...['andes', 'atlas', 'bias', 'cosmos', 'howe', 'news', 'sky'].map(
    (word) => [word, word] as const,
  ),
  ['early', 'earli'],
  ['gently', 'gentl'],
  ['idly', 'idl'],
  ['only', 'onli'],
  ['singly', 'singl'],
  ['skies', 'sky'],
  ['skis', 'ski'],
  ['ugly', 'ugli'],
]);

/** Endings, the longest first, and what takes their place. */
type Endings = readonly (readonly [ending: string, replacement: string])[];

const STEP_2: Endings = byLength({
  anci: 'ance',
  enci: 'ence',
  ogi: 'og',
  li: '',
  bli: 'ble',
  abli: 'able',
  alli: 'al',
  fulli: 'ful',
  lessli: 'less',
  ousli: 'ous',
  entli: 'ent',
  aliti: 'al',
  biliti: 'ble',
  iviti: 'ive',
  tional: 'tion',
  ational: 'ate',
  alism: 'al',
  ation: 'ate',
  ization: 'ize',
  izer: 'ize',
  ator: 'ate',
  iveness: 'ive',
  fulness: 'ful',
  ousness: 'ous',
  ogist: 'og',
});

const STEP_3: Endings = byLength({
  icate: 'ic',
  ative: '',
  alize: 'al',
  iciti: 'ic',
  ical: 'ic',
  tional: 'tion',
  ational: 'ate',
  ful: '',
  ness: '',
});

const STEP_4: Endings = byLength(
  Object.fromEntries(
    'ic ance ence able ible ate ive ize iti al ism ion er ous ant ent ment ement'
      .split(' ')
      .map((ending) => [ending, '']),
  ),
);

function byLength(endings: Readonly<Record<string, string>>): Endings {
  return Object.entries(endings).sort(([a], [b]) => b.length - a.length);
}

/** The stem of a lower-case English word; other words keep their shape as far as they look foreign. */
export function stemEnglish(word: string): string {
  if (word.length < 3) return word;
  const exception = EXCEPTIONS.get(word);
  if (exception !== undefined) return exception;
  const marked = markConsonants(word.startsWith("'") ? word.slice(1) : word);
  const r1 = LONG_PREFIX.exec(marked)?.[0].length ?? regionAfter(marked, 0);
  const r2 = regionAfter(marked, r1);
  let stem = cutPlural(marked);
  stem = cutParticiple(stem, r1);
  stem = stem.replace(/(?<=.[^aeiouy])[yY]$/, 'i');
  stem = derive(stem, r1);
  stem = simplify(stem, r1, r2);
  stem = cutSuffix(stem, r2);
  stem = tidy(stem, r1, r2);
  return stem.replaceAll('Y', 'y');
}

function markConsonants(word: string): string {
  return word.includes('y') ? word.replaceAll(/(?<=^|[aeiouy])y/g, 'Y') : word;
}

function regionAfter(word: string, from: number): number {
  REGION.lastIndex = from;
  return REGION.test(word) ? REGION.lastIndex : word.length;
}

function endingOf(word: string, endings: Endings): readonly [string, string] | undefined {
  return endings.find(([ending]) => word.endsWith(ending));
}

function cutPlural(word: string): string {
  const stem = word.replace(/'(?:s'?)?$/, '');
  if (stem.endsWith('sses')) return stem.slice(0, -2);
  if (stem.endsWith('ied') || stem.endsWith('ies')) {
    return stem.slice(0, stem.length > 4 ? -2 : -1);
  }
  if (!stem.endsWith('s') || stem.endsWith('us') || stem.endsWith('ss')) return stem;
  return VOWEL.test(stem.slice(0, -2)) ? stem.slice(0, -1) : stem;
}

function cutParticiple(word: string, r1: number): string {
  const eed = /eed(?:ly)?$/.exec(word);
  if (eed !== null) {
    const kept = word.slice(0, eed.index);
    return eed.index < r1 || /^(?:succ|proc|exc)$/.test(kept) ? word : `${kept}ee`;
  }
  const found = /(?:edly|ingly|ed|ing)$/.exec(word);
  if (found === null) return word;
  const rest = word.slice(0, found.index);
  if (found[0] === 'ing') {
    if (/^[^aeiouy]y$/.test(rest)) return `${rest.slice(0, -1)}ie`;
    if (/^(?:even|cann|inn|earr|herr|out)$/.test(rest)) return word;
  }
  if (!VOWEL.test(rest)) return word;
  if (/(?:at|bl|iz)$/.test(rest)) return `${rest}e`;
  if (/(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(rest)) {
    return /^[aeo]..$/.test(rest) ? rest : rest.slice(0, -1);
  }
  return rest.length === r1 && SHORT_END.test(rest) ? `${rest}e` : rest;
}

function derive(word: string, r1: number): string {
  const found = endingOf(word, STEP_2);
  if (found === undefined) return word;
  const [ending, replacement] = found;
  const rest = word.slice(0, -ending.length);
  if (rest.length < r1) return word;
  if (ending === 'ogi' && !rest.endsWith('l')) return word;
  if (ending === 'li' && !/[cdeghkmnrt]$/.test(rest)) return word;
  return rest + replacement;
}

function simplify(word: string, r1: number, r2: number): string {
  const found = endingOf(word, STEP_3);
  if (found === undefined) return word;
  const [ending, replacement] = found;
  const rest = word.slice(0, -ending.length);
  return rest.length < (ending === 'ative' ? Math.max(r1, r2) : r1) ? word : rest + replacement;
}

function cutSuffix(word: string, r2: number): string {
  const found = endingOf(word, STEP_4);
  if (found === undefined) return word;
  const rest = word.slice(0, -found[0].length);
  if (rest.length < r2) return word;
  return found[0] === 'ion' && !/[st]$/.test(rest) ? word : rest;
}

function tidy(word: string, r1: number, r2: number): string {
  const rest = word.slice(0, -1);
  if (word.endsWith('e')) {
    return rest.length >= r2 || (rest.length >= r1 && !SHORT_END.test(rest)) ? rest : word;
  }
  return word.endsWith('ll') && rest.length >= r2 ? rest : word;
}
