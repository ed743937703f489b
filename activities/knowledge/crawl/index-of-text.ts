/**
 * Where `wanted` begins in `text` at or behind `from`; -1 if nowhere. In time that grows with their
 * lengths alone (Knuth, Morris and Pratt, 1977): strangers choose both.
 */
export function indexOfText(text: string, wanted: string, from: number): number {
  const borders = bordersOf(wanted);
  let matched = 0;
  for (let at = from; matched < wanted.length; at += 1) {
    if (at >= text.length) return -1;
    while (matched > 0 && text[at] !== wanted[matched]) matched = borders[matched - 1] ?? 0;
    if (text[at] === wanted[matched]) matched += 1;
    if (matched === wanted.length) return at - matched + 1;
  }
  return from;
}

/** For each beginning of the text, how long an end of it is that is a beginning as well. */
function bordersOf(text: string): readonly number[] {
  const borders = [0];
  for (let at = 1; at < text.length; at += 1) {
    let length = borders[at - 1] ?? 0;
    while (length > 0 && text[at] !== text[length]) length = borders[length - 1] ?? 0;
    borders.push(text[at] === text[length] ? length + 1 : 0);
  }
  return borders;
}
